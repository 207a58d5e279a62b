"""Finding a post, opening its phone, throwing it away."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.simulator.posts import PhoneKind, PostFound, matching, owner_of
from conversations.people import Role, Standing
from tests.bot.simulator.conftest import Serving
from tests.bot.simulator.fakes import VILLAGES, FakePosts

KINDS: tuple[PhoneKind, ...] = get_args(PhoneKind)


def post(region: str, subdistrict: str) -> PostFound:
    return PostFound(f"{region}:{subdistrict}", Role.VILLAGE_HEAD, region, subdistrict)


def test_every_word_has_to_occur_and_names_that_begin_so_come_first() -> None:
    posts = [post("Tanjung Sungai", "Rebo"), post("Sungai Rebo", "Banyuasin I"), post("Sungai Gerong", "Banyuasin I")]

    assert [each.region for each in matching(posts, " SUNGAI rebo ")] == ["Sungai Rebo", "Tanjung Sungai"]
    assert matching(posts, "") == posts


def test_an_office_is_found_by_its_name_with_blanks() -> None:
    office = PostFound("16.07/office/dinas_sosial", Role.OFFICE, "Kabupaten Banyuasin", office="dinas_sosial")

    assert matching([office], "dinas sosial") == [office]


def test_whoever_plays_a_post_always_has_the_same_name() -> None:
    assert owner_of("village_head", "a") == owner_of("village_head", "a")


@given(st.lists(st.text(), min_size=len(KINDS), max_size=len(KINDS)))
def test_phones_of_different_kinds_have_owners_of_different_names(posts: list[str]) -> None:
    assert len({owner_of(kind, key) for kind, key in zip(KINDS, posts, strict=True)}) == len(KINDS)


async def test_posts_are_found_by_a_part_of_their_name(serve: Serving) -> None:
    async with serve() as caller:
        found = (await caller.client.get("/api/posts?kind=operator&words=rebo")).json()
        refused = await caller.client.get("/api/posts?kind=king&words=")

    assert found["count"] == 1
    assert found["posts"][0]["key"] == VILLAGES[0].key
    assert refused.status_code == 400


async def test_a_post_has_one_phone_for_each_kind(serve: Serving) -> None:
    async with serve() as caller:
        head = await caller.open_phone("village_head")
        operator = await caller.open_phone("operator")

        assert await caller.open_phone("village_head") == head != operator


async def test_strangers_are_many(serve: Serving) -> None:
    async with serve() as caller:
        assert await caller.open_phone("stranger", "") != await caller.open_phone("stranger", "")


async def test_a_phone_cannot_be_opened_for_a_post_that_does_not_exist(serve: Serving) -> None:
    async with serve() as caller:
        wrong = await caller.client.post("/api/phones", json={"kind": "coordinator", "post": VILLAGES[0].key})

    assert (wrong.status_code, wrong.json()["error"]) == (404, "unknown_post")


async def test_an_invitation_is_issued_when_it_is_opened_and_starts_the_chat(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone("operator")
        assert caller.chat(phone) == []

        await caller.act(phone, "invitation", id="me-first-1")
        await caller.act(phone, "invitation", id="me-first-1")

        assert [each.text for each in caller.chat(phone)][:1] == ["/start K1"]
        assert isinstance(caller.simulator.posts, FakePosts)
        assert [each[:2] for each in caller.simulator.posts.invited] == [(VILLAGES[0].key, Standing.OPERATOR)]
        assert len(caller.bot.got) == 1


async def test_a_stranger_starts_without_a_code(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone("stranger", "")

        await caller.act(phone, "invitation", id="me-first-1")

        assert caller.chat(phone)[0].text == "/start"


async def test_phones_and_chats_are_there_again_after_a_restart(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()
        await caller.act(phone, "texts", id="me-text-1", text="lanjut")
    async with serve() as caller:
        listed = (await caller.client.get("/api/phones")).json()["phones"]

        assert [each["id"] for each in listed] == [phone]
        assert await caller.open_phone() == phone
        assert caller.chat(phone)[0].id == "me-text-1"


async def test_a_phone_that_was_thrown_away_is_gone_with_its_files(serve: Serving) -> None:
    async with serve() as caller:
        phone = await caller.open_phone()
        await caller.upload(phone, b"%PDF-1.4")
        uploads = caller.simulator.channel.exchange.uploads
        bubble = caller.chat(phone)[0]
        assert bubble.attachment
        assert uploads.find(bubble.attachment.reference)

        assert (await caller.client.delete(f"/api/phones/{phone}")).status_code == 204

        assert uploads.find(bubble.attachment.reference) is None
        assert (await caller.act(phone, "texts", id="me-text-1", text="halo")).status_code == 404
        assert await caller.open_phone() != phone
