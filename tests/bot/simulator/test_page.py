"""The page itself, in a real browser."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from conversations.messages import Button, Message
from tests.bot.simulator.browser import Page, find_browser, open_page
from tests.bot.simulator.conftest import Serving
from tests.bot.simulator.fakes import Caller

LONG = "Ada, tetapi belum ditandatangani"
OFFER = Message("<b>Pilih</b> satu", tuple((Button(label, f"a:{label}"),) for label in ("A", "B", "C", LONG)))
BROWSER = find_browser()
pytestmark = pytest.mark.skipif(
    BROWSER is None and os.environ.get("CI") != "true", reason="no Chromium here; the checks of every change have one"
)


@asynccontextmanager
async def browsing(caller: Caller) -> AsyncIterator[Page]:
    assert BROWSER, "install chromium: the page is to be tested where CI=true"
    async with open_page(BROWSER, f"{caller.simulator.address}/") as page:
        yield page


async def test_a_phone_is_opened_a_button_tapped_and_the_answer_seen(serve: Serving) -> None:
    async with serve() as caller, browsing(caller) as page:
        await page.click("[data-kind=village_head]")
        await page.type("#words", "sungai rebo")
        await page.wait("document.querySelectorAll('#found li').length === 1")
        await page.click("#found li")
        await page.click("#open-invitation")
        await page.wait("document.querySelector('.message .bubble b')?.textContent.includes('Sungai Rebo')")
        await page.click(".button-row button")
        await page.wait("document.querySelector('#chat').innerText.includes('Terima kasih: i:yes')")

        await page.look("document.body.replaceChildren(); location.reload()")

        await page.wait("document.querySelectorAll('.message').length === 3")


async def test_what_looks_like_markup_is_text_on_the_page(serve: Serving) -> None:
    async with serve() as caller, browsing(caller) as page:
        await page.click("[data-kind=stranger]")
        await page.wait("document.querySelector('#open-invitation')")
        await page.type("#text", "<img src=x onerror=alert(1)><b>tebal</b>")
        await page.click("#send")

        await page.wait("document.querySelectorAll('.message').length === 2")

        assert await page.look("document.querySelectorAll('#chat img, #chat .own b').length") == 0
        assert await page.look("document.querySelector('.message.own .line').textContent") == (
            "<img src=x onerror=alert(1)><b>tebal</b>"
        )


@pytest.mark.parametrize("is_reloaded", [False, True])
async def test_a_message_that_was_not_taken_can_be_sent_again(serve: Serving, is_reloaded: bool) -> None:
    async with serve() as caller, browsing(caller) as page:
        caller.bot.is_broken = True
        await page.click("[data-kind=stranger]")
        await page.wait("document.querySelector('#open-invitation')")
        await page.type("#text", "halo")
        await page.click("#send")
        await page.wait("document.querySelector('.is-failed')")
        if is_reloaded:
            await page.look("document.body.replaceChildren(); location.reload()")
        caller.bot.is_broken = False

        await page.click(".failed-note button")

        await page.wait("document.querySelectorAll('.message').length === 2 && !document.querySelector('.is-failed')")


async def test_the_same_phone_can_be_looked_at_as_whatsapp_and_a_row_of_its_list_chosen(serve: Serving) -> None:
    async with serve() as caller, browsing(caller) as page:
        await page.click("[data-kind=stranger]")
        await page.click("#open-invitation")
        await page.wait("document.querySelectorAll('.message').length === 2")
        phone = caller.simulator.channel.exchange.journal.phones()[0].id
        await caller.bot.say(phone, OFFER)
        await page.wait("document.querySelectorAll('.button-row button').length === 4")

        await page.click("[data-look=whatsapp]")
        await page.wait("document.querySelectorAll('.replies button').length === 1")
        assert await page.look("document.querySelectorAll('.button-row').length") == 0
        assert await page.look("document.querySelector('.message:last-child b').textContent") == "Pilih"
        await page.click(".replies button")
        await page.wait("document.querySelectorAll('#sheet-rows button').length === 4")
        assert await page.look("document.querySelector('#sheet-rows li:last-child small').textContent") == LONG
        await page.click("#sheet-rows li:last-child button")

        await page.wait(f"document.querySelector('#chat').innerText.includes('Terima kasih: a:{LONG}')")
        assert await page.look("document.querySelector('#sheet').hidden") is True
        assert await page.look("[...document.querySelectorAll('.own')].at(-1).innerText.includes('4. Ada, tetapi')")

        await page.look("document.body.replaceChildren(); location.reload()")
        await page.wait("document.querySelector('#phone')?.dataset.look === 'whatsapp'")
        await page.wait("document.querySelectorAll('.message').length === 5")


async def test_what_comes_after_24_hours_is_marked_in_the_look_of_whatsapp_alone(serve: Serving) -> None:
    async with serve() as caller, browsing(caller) as page:
        await page.click("[data-kind=stranger]")
        await page.click("#open-invitation")
        await page.wait("document.querySelectorAll('.message').length === 2")
        await page.click("[data-look=whatsapp]")
        await page.click("#pass-day")
        await page.wait("document.querySelector('.passed')")
        phone = caller.simulator.channel.exchange.journal.phones()[0].id

        await caller.bot.say(phone, OFFER)

        await page.wait("document.querySelectorAll('.late').length === 2")
        assert await page.look("document.querySelector('.late').innerText.includes('kabar_menunggu')")
        assert await page.look("document.querySelectorAll('.waits').length") == 1
        await page.click("[data-look=telegram]")
        await page.wait("document.querySelectorAll('.button-row').length === 4")
        assert await page.look("document.querySelectorAll('.late, .passed').length") == 0
