"""O365 against the Graph emulator: an app on its own in a user's mailbox."""

from addresses import CLIENT, SECRET, TENANT, Emulators, same

emulators = Emulators()

from msal import ConfidentialClientApplication  # noqa: E402
from O365 import Account, MSGraphProtocol  # noqa: E402
from O365.address_book import ContactFolder  # noqa: E402
from O365.utils.token import MemoryTokenBackend  # noqa: E402
from requests.exceptions import HTTPError  # noqa: E402

ADA = "ada@contoso.example"


class Protocol(MSGraphProtocol):
    _protocol_url = f"{emulators.graph}/"


def sign_in():
    account = Account(
        (CLIENT, SECRET),
        auth_flow_type="credentials",
        tenant_id=TENANT,
        main_resource=ADA,
        protocol=Protocol(),
        token_backend=MemoryTokenBackend(),
    )
    # The library has no setting for the login host; this is what it makes for the usual one.
    account.con._msal_client = ConfidentialClientApplication(
        client_id=CLIENT,
        client_credential=SECRET,
        authority=f"{emulators.graph}/{TENANT}",
        instance_discovery=False,
        token_cache=account.con.token_backend,
    )
    same("signed in", account.authenticate(requested_scopes=["https://graph.microsoft.com/.default"]), True)
    return account


def status_of(call):
    """The status with which a call is refused."""
    try:
        call()
    except HTTPError as error:
        return error.response.status_code
    return None


def main():
    book = sign_in().address_book(address_book="personal")
    made = book.create_child_folder("From O365")
    same("a folder is made", made.name, "From O365")
    # What an address book makes is an address book again, whose contacts are those of the default folder.
    data = {"id": made.folder_id, "displayName": made.name, "parentFolderId": made.parent_id}
    folder = ContactFolder(parent=book, **{book._cloud_data_key: data})
    same("its name is taken", status_of(lambda: book.create_child_folder("from o365")), 409)
    same("it is listed", [row.folder_id for row in book.get_folders()], [made.folder_id])
    same("it is found by name", book.get_folder(folder_name="FROM O365").folder_id, folder.folder_id)
    inner = folder.create_child_folder("Berlin")
    same("a folder in it", [row.name for row in folder.get_folders()], ["Berlin"])
    same("with its parent", inner.parent_id, folder.folder_id)

    # The library makes new contacts in the default folder, whatever folder it is asked for.
    saved = []
    for number in range(25):
        contact = book.new_contact()
        contact.name, contact.surname = f"N{number}", "O'Brien"
        contact.emails.add(f"n{number}@x.example")
        contact.business_phones = ["+1 512 555 0100"]
        contact.home_address = {"city": "Delft"}
        saved.append(contact.save())
    same("contacts are made", saved, [True] * 25)

    pages = book.get_contacts(limit=None, batch=10)
    listed = sorted(contact.name for contact in pages)
    same("all pages have all", listed, sorted(f"N{number}" for number in range(25)))
    same("a page of its own size", len(list(book.get_contacts(limit=7))), 7)
    last = list(book.get_contacts(limit=1, order_by="displayName desc"))[0]
    same("in an order", last.display_name, "N9 O'Brien")
    found = list(book.get_contacts(query="surname eq 'O''Brien' and givenName eq 'N7'"))
    same("by a filter", [contact.name for contact in found], ["N7"])
    by_address = "emailAddresses/any(a:a/address eq 'N7@x.example')"
    same("by an address", [contact.name for contact in book.get_contacts(query=by_address)], ["N7"])

    emulators.throttle_once("*/contacts")
    same("a throttled list comes in the end", len(list(book.get_contacts(limit=7))), 7)

    contact = found[0]
    same("names are made", (contact.display_name, contact.fileAs), ("N7 O'Brien", "O'Brien, N7"))
    same("an address is kept", contact.home_address, {"city": "Delft"})
    same("an empty one is an object", contact.business_address, {})
    same("times have a zone", contact.created.tzinfo is None, False)
    contact.job_title = "Pilot"
    contact.business_phones = []
    same("a change", contact.save(), True)
    again = list(book.get_contacts(query="givenName eq 'N7'"))[0]
    same("is there", (again.job_title, again.business_phones, again.surname), ("Pilot", [], "O'Brien"))
    contact.home_phones = ["1", "2", "3"]
    same("too many numbers", status_of(contact.save), 400)

    same("a deletion", again.delete(), True)
    same("is one", list(book.get_contacts(query="givenName eq 'N7'")), [])
    same("a new name", folder.update_folder_name("Renamed"), True)
    same("the folder goes", folder.delete(), True)
    same("with what is in it", list(book.get_folders()), [])


main()
