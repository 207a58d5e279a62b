"""Invitations as a spreadsheet that the secretariat can send on, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conversations.brief import Library
from conversations.people import Post
from conversations.texts import texts_for
from conversations.views.naming import post_name
from storage.posts_listed import ListedPost
from storage.roster import Issued

HEADINGS = ("Kode wilayah", "Kecamatan", "Desa/Kelurahan", "Jabatan", "Kode undangan", "Tautan")
WIDTHS = (16, 24, 28, 44, 16, 48)
LANGUAGE = "id"


def write_invitations(library: Library, issued: Sequence[Issued], *, bot: str, output: Path) -> None:
    """Write one row for each invitation; with a Telegram bot, a link that opens the chat with the code."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Undangan")
    for column, width in zip("ABCDEF", WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = "A2"
    sheet.append(HEADINGS)
    for each in issued:
        sheet.append(_row(library, each, bot))
    book.save(output)


def deep_link(bot: str, code: str) -> str:
    """Give the link that opens the chat with the bot and shows it the code."""
    return f"https://t.me/{bot}?start={code}"


def _row(library: Library, issued: Issued, bot: str) -> Sequence[str]:
    region = issued.post.region
    is_village = region.kind == "village"
    return (
        region.code,
        region.subdistrict if is_village else region.name if region.kind == "subdistrict" else "",
        region.name if is_village else "",
        _title(library, issued.post),
        issued.code,
        deep_link(bot, issued.code) if bot else "",
    )


def _title(library: Library, listed: ListedPost) -> str:
    post = Post(listed.id, listed.role, listed.region, office=listed.office)
    return post_name(library, post, texts_for(LANGUAGE))
