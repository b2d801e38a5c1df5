"""Keeps the firewall's list in step with a feed of addresses on the web."""

import asyncio

import httpx

from streams.sim.telephony.network import Firewall


async def follow(url: str, every: float, firewall: Firewall) -> None:
    """Load the feed again every `every` seconds for ever; when it cannot be read, the old list stays."""
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        while True:
            try:
                answer = await client.get(url, headers={"User-Agent": "simulated-firewall"})
            except httpx.HTTPError:
                firewall.failed_polls += 1
            else:
                if answer.status_code == 200:
                    firewall.load(answer.text)
                else:
                    firewall.failed_polls += 1
            await asyncio.sleep(every)
