"""What depends on no organisation: templates, and what clients do about settings (product 4.1, 4.5)."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel

from gateway.endpoints.api.calls import needs
from gateway.records import Actor
from gateway.records.authority import Permission
from mdm.families import FAMILIES, Answer, Family, answer_of
from mdm.policy import SETTINGS, Setting
from mdm.templates import TEMPLATES

router = APIRouter(tags=["policy"])

Reader = Annotated[Actor, needs(Permission.POLICY_READ)]


class TemplateView(BaseModel):
    """A policy document to start from, with the source of its values."""

    name: str
    title: str
    source: str
    document: dict[str, Any]


class TemplateList(BaseModel):
    """Every template."""

    items: list[TemplateView]


class FamilyView(BaseModel):
    """A family of clients, and where what is said of it was read."""

    name: str
    label: str
    source: str
    erases: str


class SettingView(BaseModel):
    """A setting with its range, default and first protocol version, and what each family does about it."""

    name: str
    title: str
    label: str | None
    kind: str
    default: Any
    lowest: int
    highest: int
    choices: dict[int, str]
    since: str
    needs_password: bool
    families: dict[str, Answer]


class Honours(BaseModel):
    """What clients really do: as far as anybody has published it."""

    families: list[FamilyView]
    settings: list[SettingView]


@router.get("/policy_templates")
def list_templates(_actor: Reader) -> TemplateList:
    """Policies to start from."""
    return templates()


@router.get("/policy_honours")
def list_honours(_actor: Reader) -> Honours:
    """Every setting with its range, and which client families really honour it."""
    return honours()


def templates() -> TemplateList:
    return TemplateList(items=[TemplateView.model_validate(each, from_attributes=True) for each in TEMPLATES])


def honours() -> Honours:
    return Honours(
        families=[FamilyView.model_validate(each, from_attributes=True) for each in FAMILIES],
        settings=[_setting(each, FAMILIES) for each in SETTINGS],
    )


def _setting(setting: Setting, families: tuple[Family, ...]) -> SettingView:
    return SettingView(
        name=setting.name,
        title=setting.title,
        label=setting.label,
        kind=setting.kind.value,
        default=setting.default,
        lowest=setting.lowest,
        highest=setting.highest,
        choices=dict(setting.choices),
        since=setting.since.text,
        needs_password=setting.needs_password,
        families={family.name: answer_of(family, setting.name) for family in families},
    )
