"""vdirsyncer with its Graph storage against the Graph emulator: a person who signed in, a folder on disk beside."""

import asyncio
import json
import os
import pathlib

from addresses import CLIENT, Emulators, same

emulators = Emulators()

from vdirsyncer.vobject import Item  # noqa: E402
from vdirsyncer_graph import client, register  # noqa: E402
from vdirsyncer_graph.storage import GraphContactsStorage  # noqa: E402

BOB = "bob@contoso.example"
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{name};;;;\r\nEND:VCARD\r\n"

client.GRAPH = f"{emulators.graph}/v1.0"
client.GraphClient._authority = property(lambda self: f"{emulators.graph}/{self.tenant}/oauth2/v2.0")


def storage(**more):
    pathlib.Path("token.json").write_text(json.dumps({"refresh_token": "bobs-refresh-token"}))
    return GraphContactsStorage(CLIENT, "token.json", tenant="common", cache_dir="cache", **more)


async def listed(store):
    return {href: etag async for href, etag in store.list()}


async def by_hand():
    found = [row["collection"] async for row in GraphContactsStorage.discover(
        client_id=CLIENT, token_file="token.json", cache_dir="cache"
    )]
    same("the folders", found, ["contacts", "Friends"])
    store = storage(collection="Friends")
    names = {f"N{number}" for number in range(60)}
    made = {}
    for name in sorted(names):
        href, etag = await store.upload(Item(CARD.format(uid=name, name=name)))
        made[href] = etag
    # Exchange touches an item once more some seconds after a write, so the versions may be others by now.
    found = await listed(store)
    same("all pages have all", set(found), set(made))
    href = next(iter(made))
    emulators.throttle_once("*/contacts/delta")
    same("a throttled list comes in the end", set(await listed(store)), set(made))
    item, etag = await store.get(href)
    same("a card", (item.uid, "FN:N0" in item.raw), ("N0", True))
    await store.update(href, Item(CARD.format(uid="N0", name="Nil")), etag)
    again = storage(collection="Friends", client=client.GraphClient(CLIENT, "token.json"))
    changed, _ = await again.get(href)
    same("a change", "FN:Nil" in changed.raw, True)
    etag = (await listed(store))[href]
    await store.delete(href, etag)
    same("a deletion", href in await listed(store), False)
    emulators.edit("graph", {"do": "create_contact", "user": BOB, "folder": "Friends", "contact": {"givenName": "Xia"}})
    same("what Outlook made", len(await listed(store)), 60)
    emulators.edit("graph", {"do": "expire_delta_tokens", "user": BOB})
    same("after a reset", len(await listed(store)), 60)


def by_its_command(*arguments):
    from vdirsyncer.cli import app

    try:
        app(arguments, standalone_mode=False)
    except SystemExit as end:
        same(f"vdirsyncer {' '.join(arguments)}", end.code, 0)


def both_sides():
    """The names in Outlook's folder and on disk."""
    import urllib.request

    with urllib.request.urlopen(f"{emulators.control}/state/graph") as answer:
        users = json.load(answer)["tenants"][0]["users"]
    folders = [user for user in users if user["userPrincipalName"] == BOB][0]["folders"]
    folder = [row for row in folders if row["displayName"] == "Friends"][0]
    there = sorted(row["displayName"] for row in folder["contacts"])
    cards = [path.read_text() for path in pathlib.Path("cards/Friends").glob("*.vcf")]
    here = sorted(line[3:] for card in cards for line in card.splitlines() if line.startswith("FN:"))
    return there, here


def with_its_commands():
    register()
    pathlib.Path("config").write_text(f'''
[general]
status_path = "status"
[pair people]
a = "disk"
b = "outlook"
collections = ["Friends"]
[storage disk]
type = "filesystem"
path = "cards"
fileext = ".vcf"
[storage outlook]
type = "graph_contacts"
client_id = "{CLIENT}"
token_file = "token.json"
tenant = "common"
cache_dir = "cache-of-the-command"
''')
    os.makedirs("cards/Friends")
    pathlib.Path("cards/Friends/new.vcf").write_text(CARD.format(uid="disk-1", name="From disk"))
    command = ("--verbosity", "WARNING", "--config", "config")
    by_its_command(*command, "discover", "people")
    by_its_command(*command, "sync")
    there, here = both_sides()
    same("both sides after a sync", (there == here, len(here), "From disk" in there), (True, 61, True))
    gone = {"do": "delete_contact", "user": BOB, "contact": "N5"}
    emulators.edit("graph", gone)
    by_its_command(*command, "sync")
    there, here = both_sides()
    same("after a deletion in Outlook", (there == here, "N5" in here), (True, False))


emulators.edit("graph", {"do": "create_folder", "user": BOB, "displayName": "Friends"})
pathlib.Path("token.json").write_text(json.dumps({"refresh_token": "bobs-refresh-token"}))
asyncio.run(by_hand())
with_its_commands()
