"""How regions and posts are called, and long titles cut to a label."""

from __future__ import annotations

from conversations.brief import Library
from conversations.people import AccessRequest, Invitation, Post, Region, Role, Standing
from conversations.texts import Texts


def region_name(region: Region, texts: Texts) -> str:
    """Name a region with its kind: ``Desa Sungai Rebo, Kecamatan Banyuasin I``."""
    if region.kind == "village":
        key = "region.ward" if region.is_ward else "region.village"
        return texts.plain(key, name=region.name, subdistrict=region.subdistrict)
    key = "region.subdistrict" if region.kind == "subdistrict" else "region.plain"
    return texts.plain(key, name=region.name)


def post_name(library: Library, post: Post | Invitation | AccessRequest, texts: Texts) -> str:
    """Name a post: ``Kepala Desa Sungai Rebo, Kecamatan Banyuasin I``; an operator helps the one who holds it."""
    key = "role.ward_head" if post.role is Role.VILLAGE_HEAD and post.region.is_ward else f"role.{post.role.value}"
    office = office_name(library, post.office, texts)
    name = texts.plain(key, region=region_name(post.region, texts), office=office)
    return texts.plain("role.operator_of", post=name) if post.standing is Standing.OPERATOR else name


def office_name(library: Library, office: str, texts: Texts) -> str:
    """Name an office by its code."""
    for form in library.forms.values():
        if office in form.offices:
            return form.offices[office].said(texts.language)
    return office


def shortened(title: str, most: int) -> str:
    """Cut a title at a word, so that it has at most this many characters."""
    return title if len(title) <= most else title[: most - 1].rsplit(" ", 1)[0] + "…"
