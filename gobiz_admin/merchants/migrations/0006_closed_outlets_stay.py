from django.db import migrations, models

import gobiz_admin.merchants.closings


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0005_outlet_closing"),
    ]

    operations = [
        migrations.AlterField(
            model_name="outletclosing",
            name="outlet",
            field=models.OneToOneField(
                on_delete=gobiz_admin.merchants.closings.keep_while_closed,
                related_name="closing",
                to="merchants.outlet",
            ),
        ),
    ]
