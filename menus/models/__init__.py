"""Every table of this app; a file per subject."""

from menus.models.alerts import AlertSetting, MappingAlert, MappingAlertName
from menus.models.catalogs import (
    Catalog,
    ExternalId,
    ItemVariantCategory,
    Mapped,
    Menu,
    MenuItem,
    OutletCatalog,
    OutletOverride,
    Variant,
    VariantCategory,
)
from menus.models.confirmations import PriceConfirmation
from menus.models.drift import Drift
from menus.models.edits import CatalogEdit
from menus.models.imports import MenuImport
from menus.models.ingredients import Ingredient, IngredientLink, IngredientOut
from menus.models.mornings import StockMorning
from menus.models.pictures import Picture, PictureCheck, PictureFix
from menus.models.readings import LiveReading
from menus.models.repairs import Repair
from menus.models.rollouts import Rollout, RolloutOutlet
from menus.models.sheets import SheetUpload
from menus.models.stock import StockOff, StockSwitch
from menus.models.syncs import CatalogVersion, Sync, SyncAttempt
from menus.models.timed import TimedPlace, TimedPrice

__all__ = [
    "AlertSetting",
    "Catalog",
    "CatalogEdit",
    "CatalogVersion",
    "Drift",
    "ExternalId",
    "Ingredient",
    "IngredientLink",
    "IngredientOut",
    "ItemVariantCategory",
    "LiveReading",
    "Mapped",
    "MappingAlert",
    "MappingAlertName",
    "Menu",
    "MenuImport",
    "MenuItem",
    "OutletCatalog",
    "OutletOverride",
    "Picture",
    "PictureCheck",
    "PictureFix",
    "PriceConfirmation",
    "Repair",
    "Rollout",
    "RolloutOutlet",
    "SheetUpload",
    "StockMorning",
    "StockOff",
    "StockSwitch",
    "Sync",
    "SyncAttempt",
    "TimedPlace",
    "TimedPrice",
    "Variant",
    "VariantCategory",
]
