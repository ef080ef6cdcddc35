import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("menus", "0015_mornings"),
    ]

    operations = [
        migrations.AddField(
            model_name="picturefix",
            name="batch",
            field=models.UUIDField(default=uuid.uuid4),
        ),
    ]
