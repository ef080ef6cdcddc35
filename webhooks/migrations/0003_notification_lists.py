from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0002_rotation_and_checks")]

    operations = [
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                fields=["gobiz_app", "state", "-id"],
                condition=models.Q(("state__in", ["failed", "dead"])),
                name="notification_failed",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                fields=["gobiz_app", "note", "-id"],
                condition=models.Q(("state", "ignored")),
                name="notification_ignored",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                fields=["gobiz_app", "verdict", "-id"],
                condition=models.Q(("verdict__in", ["unverified", "forged"])),
                name="notification_unproven",
            ),
        ),
    ]
