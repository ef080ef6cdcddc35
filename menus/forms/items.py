"""A menu item, as it is edited on one page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from menus.forms.fields import ChangedTextMixin, RupiahField, TextField
from menus.forms.ingredients import ChosenNamesField, NamesField
from menus.forms.seen import SeenMixin
from menus.models import Catalog, Menu, MenuItem, VariantCategory
from menus.seen import seen, value_of
from menus.tree import Tree

SEEN = ("name", "internal_name", "description", "price", "menu", "categories", "ingredients")


class CategoryChoices(forms.ModelMultipleChoiceField):
    """The catalog's variant categories as checkboxes, told apart by their internal names."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, category: VariantCategory) -> str:  # type: ignore[override]
        if category.internal_name and category.internal_name != category.name:
            return f"{category.name} · {category.internal_name}"
        return category.name


class ItemForm(SeenMixin, ChangedTextMixin, forms.Form):
    name = TextField(
        label=_("Name"),
        longest=150,
        what=_("This name"),
        help_text=_("What customers read in the GoFood app."),
    )
    internal_name = TextField(
        label=_("Internal name"),
        longest=200,
        what=_("This internal name"),
        required=False,
        help_text=_("What your kitchen reads on an order. Empty: the name above."),
    )
    description = TextField(
        label=_("Description"),
        longest=200,
        what=_("This description"),
        lines=3,
        required=False,
        help_text=_("One or two sentences that customers read below the name."),
    )
    price = RupiahField(label=_("Price"), help_text=_("In rupiah, tax included."))
    in_stock = forms.BooleanField(label=_("In stock"), required=False)
    menu: "forms.ModelChoiceField[Menu]" = forms.ModelChoiceField(
        label=_("Menu"),
        queryset=Menu.objects.none(),
        empty_label=None,
        help_text=_("The heading below which it is listed."),
        error_messages={"invalid_choice": _("This menu is not there any more. Choose another one.")},
    )
    categories = CategoryChoices(
        label=_("Variant categories"),
        queryset=VariantCategory.objects.none(),
        required=False,
        error_messages={
            "invalid_choice": _("A chosen variant category is not there any more. Choose again.")
        },
    )
    ingredients = ChosenNamesField(
        label=_("Ingredients"),
        help_text=_("When one of them is out, this is off with it."),
    )
    more_ingredients = NamesField(
        label=_("Other ingredients"), help_text=_("With commas between them, for example Ayam, Telur.")
    )
    picture = forms.FileField(
        label=_("Picture"),
        required=False,
        help_text=_(
            "A photo of at least 500 × 500 pixels. We cut it square from its middle and make it small "
            "enough for GoFood."
        ),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
        error_messages={"empty": _("This file is empty. Choose the picture again.")},
    )

    def __init__(
        self, data: Any, files: Any, *, catalog: Catalog, item: MenuItem | None = None, menu_pk: str = ""
    ) -> None:
        self.item = item
        # Where they stand on the item now; what is newly chosen comes behind them.
        self.chosen = value_of(item, "categories") if item else []
        super().__init__(data, files, initial=self._initial(menu_pk))
        self.fields["menu"].queryset = catalog.menus.all()  # type: ignore[attr-defined]
        self.fields["categories"].queryset = catalog.variant_categories.all()  # type: ignore[attr-defined]
        names = catalog.ingredients.order_by("name").values_list("name", flat=True)
        self.fields["ingredients"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        self.show_counters()
        self.remember(item, *SEEN)
        if item is not None:
            # An existing item's stock has its switch, and its picture a form of its own.
            del self.fields["in_stock"], self.fields["picture"]
            self._let_fields_save_themselves(item)

    def offer(self, tree: Tree) -> None:
        """Offer the menus and variant categories of a tree of the catalog, in place of asking for them again."""
        menus = [(node.menu.pk, node.menu.name) for node in tree.menus]
        self.fields["menu"].choices = menus  # type: ignore[attr-defined]
        categories: Any = self.fields["categories"]
        categories.choices = [
            (node.category.pk, categories.label_from_instance(node.category)) for node in tree.categories
        ]

    def _let_fields_save_themselves(self, item: MenuItem) -> None:
        """Tell each field what was seen in it (static/js/autosave.js)."""
        for name in ("name", "internal_name", "description", "price", "menu"):
            field = self.fields[name]
            field.saves_itself = True  # type: ignore[attr-defined]
            field.widget.attrs.update({"data-field": name, "data-shown": seen(item, name)})

    def _initial(self, menu_pk: str) -> dict[str, Any]:
        if self.item is None:
            return {"in_stock": True, "menu": menu_pk}
        fields = ("name", "internal_name", "description", "price")
        own = {field: getattr(self.item, field) for field in fields}
        return {
            **own,
            "menu": self.item.menu_id,
            "categories": self.chosen,
            "ingredients": value_of(self.item, "ingredients"),
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        self.check_lengths()
        return values

    @property
    def values(self) -> dict[str, Any]:
        """What `editing` takes, without the picture, which is stored first; only after is_valid()."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "picture"}
        values["ingredients"] = sorted({*values["ingredients"], *values.pop("more_ingredients")})
        place = {pk: position for position, pk in enumerate(self.chosen)}
        # Sorting keeps the library's order among those that are new.
        values["categories"] = sorted(
            self.cleaned_data["categories"], key=lambda category: place.get(category.pk, len(place))
        )
        return values

    @property
    def upload(self) -> Any:
        return self.cleaned_data.get("picture")
