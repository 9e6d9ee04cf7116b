"""What is told again when something may be new."""

from __future__ import annotations

import asyncio

import pytest

from samlocal.errors import TemplateError
from samlocal.service.news import News


class Teller:
    """Tells once it may; raises what it is given."""

    def __init__(self, *raises: Exception | None) -> None:
        self._raises = list(raises)
        self.begun = asyncio.Semaphore(0)
        self.may = asyncio.Semaphore(0)
        self.told = 0

    async def tell(self) -> None:
        self.begun.release()
        await self.may.acquire()
        self.told += 1
        if self._raises and (error := self._raises.pop(0)) is not None:
            raise error


def test_what_comes_while_it_is_told_is_told_once_more() -> None:
    async def main() -> int:
        teller = Teller()
        async with asyncio.timeout(60), News(teller.tell) as news:
            news.come()
            await teller.begun.acquire()
            for _ in range(3):
                news.come()
            teller.may.release()
            await teller.begun.acquire()
            teller.may.release()
            # It takes no more than some turns of the loop to begin again.
            for _ in range(10):
                await asyncio.sleep(0)
            assert teller.begun.locked()
        return teller.told

    assert asyncio.run(main()) == 2


def test_a_template_that_cannot_be_read_is_no_news_and_the_next_one_is() -> None:
    async def main() -> int:
        teller = Teller(TemplateError("template.yaml:1: no template"))
        async with asyncio.timeout(60), News(teller.tell) as news:
            for _ in range(2):
                news.come()
                await teller.begun.acquire()
                teller.may.release()
            news.come()
            await teller.begun.acquire()
        return teller.told

    assert asyncio.run(main()) == 2


def test_a_fault_of_samlocals_own_is_not_lost() -> None:
    async def main() -> None:
        teller = Teller(ZeroDivisionError())
        async with asyncio.timeout(60), News(teller.tell) as news:
            news.come()
            await teller.begun.acquire()
            teller.may.release()
            while not teller.told:
                await asyncio.sleep(0)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())
