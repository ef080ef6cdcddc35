from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("menus", "0022_theirs"),
    ]

    operations = [
        migrations.AddField(
            model_name="timedplace",
            name="told_at",
            field=models.DateTimeField(null=True),
        ),
    ]
