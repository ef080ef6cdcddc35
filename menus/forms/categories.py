"""A variant category and its variants, as they are edited on one page."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import User
from menus import editing
from menus.forms.fields import ChangedTextMixin, RupiahField, TextField
from menus.forms.ingredients import NamesField
from menus.forms.seen import SeenMixin
from menus.ingredients import joined
from menus.journal import one_edit
from menus.models import Catalog, Variant, VariantCategory
from menus.text import number_of

MOST_VARIANTS = 500
SEEN = ("name", "price", "in_stock", "ingredients")
QUANTITY = {
    "required": _("Type a whole number, for example 1."),
    "invalid": _("Type a whole number, for example 1."),
    "min_value": _("Type %(limit_value)s or more."),
    "max_value": _("Type %(limit_value)s or less."),
}


def _quantity(label: Any, least: int, help_text: Any) -> forms.IntegerField:
    field = forms.IntegerField(
        label=label, help_text=help_text, min_value=least, max_value=999, error_messages=QUANTITY
    )
    field.widget.attrs["inputmode"] = "numeric"
    return field


class CategoryForm(SeenMixin, ChangedTextMixin, forms.Form):
    name = TextField(
        label=_("Name"),
        longest=150,
        what=_("This name"),
        help_text=_("What customers read above the choice, for example “Choose your spice level”."),
    )
    internal_name = TextField(
        label=_("Internal name"),
        longest=200,
        what=_("This internal name"),
        required=False,
        help_text=_("What you read in the GoBiz app and in this list. Empty: the name above."),
    )
    min_quantity = _quantity(
        _("At least"), 0, _("0: a customer may leave it out. 1 or more: a customer has to choose.")
    )
    max_quantity = _quantity(_("At most"), 1, _("How many a customer may choose."))

    def __init__(self, data: Any, *, category: VariantCategory | None = None) -> None:
        fields = ("name", "internal_name", "min_quantity", "max_quantity")
        initial = {field: getattr(category, field) for field in fields} if category else {}
        super().__init__(data, initial=initial or {"min_quantity": 0, "max_quantity": 1})
        self.remember(category, *fields)
        self.show_counters()

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        self.check_lengths()
        least, most = values.get("min_quantity"), values.get("max_quantity")
        if least is not None and most is not None and least > most:
            self.add_error(
                "max_quantity",
                _(
                    "A customer cannot choose at least %(least)d and at most %(most)d. Raise this or "
                    "lower the other."
                )
                % {"least": least, "most": most},
            )
        return values


class VariantForm(SeenMixin, ChangedTextMixin, forms.Form):
    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = TextField(label=_("Variant"), longest=150, what=_("This name"))
    price = RupiahField(
        label=_("Added to the price"),
        below_zero=True,
        required=False,
        initial=0,
    )
    in_stock = forms.BooleanField(label=_("In stock"), required=False, initial=True)
    ingredients = NamesField(label=_("Ingredients"))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        self.check_lengths()
        return values


def _as_typed(variant: Variant) -> dict[str, Any]:
    return {
        "pk": variant.pk,
        "name": variant.name,
        "price": variant.price,
        "in_stock": variant.in_stock,
        "ingredients": joined(sorted((link.ingredient for link in variant.ingredient_links.all()), key=str)),
    }


class BaseVariantFormSet(forms.BaseFormSet):
    """The category's variants in order, and a row or more for new ones."""

    def __init__(self, data: Any, *, category: VariantCategory | None = None) -> None:
        self.category = category
        links = "ingredient_links__ingredient"
        rows = list(category.variants.prefetch_related(links)) if category else []
        self.variants = {variant.pk: variant for variant in rows}
        super().__init__(data, initial=[_as_typed(row) for row in rows], prefix="variants")

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        # A new row needs a name only once something is typed into it.
        pk = self._pk_of(form)
        form.empty_permitted = not pk
        form.remember(self.variants.get(pk or 0), *SEEN)  # type: ignore[attr-defined]
        form.use_required_attribute = False

    def initial_form_count(self) -> int:
        # Rows are known by the pk that they carry, not by where they stand: another browser may have
        # added or removed one meanwhile.
        return 0 if self.is_bound else len(self.variants)

    def _construct_form(self, i: int, **kwargs: Any) -> forms.Form:
        if self.is_bound:
            variant = self.variants.get(self._posted_pk(i))
            kwargs["initial"] = _as_typed(variant) if variant else {"in_stock": True, "price": 0}
        return super()._construct_form(i, **kwargs)  # type: ignore[misc]

    def _posted_pk(self, i: int) -> int:
        return number_of((self.data or {}).get(f"{self.prefix}-{i}-pk"))

    def _pk_of(self, form: forms.Form) -> int | None:
        return (form.initial or {}).get("pk")

    def clean(self) -> None:
        gone = [form for form in self.forms if form.data.get(form.add_prefix("pk")) and not self._pk_of(form)]
        if gone:
            raise ValidationError(
                _(
                    "A variant was removed in another window meanwhile. Nothing was saved: reload the "
                    "page and change it again."
                )
            )


def variant_forms(data: Any, category: VariantCategory | None) -> BaseVariantFormSet:
    """The variants of the category, if there is one yet, and an empty row."""
    rows: Any = forms.formset_factory(
        VariantForm,
        formset=BaseVariantFormSet,
        extra=1,
        can_delete=True,
        max_num=MOST_VARIANTS,
        validate_max=True,
    )
    return rows(data, category=category)


def save_category(
    catalog: Catalog,
    category: VariantCategory | None,
    form: CategoryForm,
    rows: BaseVariantFormSet,
    user: User,
) -> VariantCategory:
    """The category with its variants: all of what was typed is saved, as one change, or nothing of it.

    Raises EditRefused, and Overtaken where somebody else changed it since it was shown.
    """
    verb = "added" if category is None else "changed"
    facts: dict[str, Any] = {"kind": "variant_category", "name": form.cleaned_data["name"]}
    with one_edit(catalog.pk, f"variant_category_{verb}", user, facts):
        if category is None:
            category = editing.add_variant_category(catalog, form.cleaned_data, user)
        elif form.has_changed():
            save = editing.save_variant_category
            facts["fields"] = form.save_over(save, category, form.cleaned_data, user)
        facts["pk"] = category.pk
        for row in rows.forms:
            if row.has_changed():
                _save_variant(category, rows.variants.get(row.initial.get("pk", 0)), row, user)
    return category


def _save_variant(category: VariantCategory, variant: Variant | None, row: VariantForm, user: User) -> None:
    typed = row.cleaned_data
    values = {"name": typed["name"], "price": typed["price"] or 0, "in_stock": typed["in_stock"]}
    values["ingredients"] = sorted(typed["ingredients"])
    if typed.get("DELETE"):
        if variant is not None:
            editing.remove(variant, user)
    elif variant is None:
        editing.add_variant(category, values, user)
    else:
        row.save_over(editing.save_variant, variant, values, user)
