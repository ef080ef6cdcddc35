from django.db import migrations, models

# What is there was kept in whole; the next comparison keeps less of it.
COUNT = "UPDATE menus_drift SET found = jsonb_array_length(lines)"


class Migration(migrations.Migration):
    dependencies = [
        ("menus", "0023_timed_told"),
    ]

    operations = [
        migrations.AddField(
            model_name="drift",
            name="found",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
