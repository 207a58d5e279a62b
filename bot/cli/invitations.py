"""Invitations as a spreadsheet that the secretariat can send on, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conversations.people import Role
from conversations.texts import texts_for
from storage.posts_listed import ListedPost
from storage.roster import Issued

HEADINGS = ("Kode wilayah", "Kecamatan", "Desa/Kelurahan", "Jabatan", "Kode undangan", "Tautan")
WIDTHS = (16, 24, 28, 44, 16, 48)
LANGUAGE = "id"


def write_invitations(issued: Sequence[Issued], bot: str, output: Path) -> None:
    """Write one row for each invitation; with a Telegram bot, a link that opens the chat with the code."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Undangan")
    for column, width in zip("ABCDEF", WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = "A2"
    sheet.append(HEADINGS)
    for each in issued:
        sheet.append(_row(each, bot))
    book.save(output)


def deep_link(bot: str, code: str) -> str:
    """Give the link that opens the chat with the bot and shows it the code."""
    return f"https://t.me/{bot}?start={code}"


def _row(issued: Issued, bot: str) -> Sequence[str]:
    region = issued.post.region
    is_village = region.kind == "village"
    return (
        region.code,
        region.subdistrict if is_village else region.name if region.kind == "subdistrict" else "",
        region.name if is_village else "",
        _title(issued.post),
        issued.code,
        deep_link(bot, issued.code) if bot else "",
    )


def _title(post: ListedPost) -> str:
    is_ward_head = post.role is Role.VILLAGE_HEAD and post.region.is_ward
    key = "role.ward_head" if is_ward_head else f"role.{post.role.value}"
    return texts_for(LANGUAGE).plain(key, region=post.region.name, office=post.office)
