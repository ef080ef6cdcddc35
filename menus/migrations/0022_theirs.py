from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("menus", "0021_returns"),
    ]

    operations = [
        migrations.AddField(
            model_name="catalogversion",
            name="own",
            field=models.JSONField(null=True),
        ),
    ]
