"""Microsoft's own client (msgraph-sdk) against the Graph emulator: an app on its own in a user's mailbox."""

import asyncio
from urllib.parse import urlparse

from addresses import CLIENT, SECRET, TENANT, Emulators, same

emulators = Emulators()

from azure.identity.aio import ClientSecretCredential  # noqa: E402
from kiota_abstractions.base_request_configuration import RequestConfiguration  # noqa: E402
from kiota_authentication_azure.azure_identity_authentication_provider import (  # noqa: E402
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient  # noqa: E402
from msgraph.generated.models.contact import Contact  # noqa: E402
from msgraph.generated.models.contact_folder import ContactFolder  # noqa: E402
from msgraph.generated.models.email_address import EmailAddress  # noqa: E402
from msgraph.generated.models.o_data_errors.o_data_error import ODataError  # noqa: E402
from msgraph.generated.models.physical_address import PhysicalAddress  # noqa: E402
from msgraph.generated.models.single_value_legacy_extended_property import (  # noqa: E402
    SingleValueLegacyExtendedProperty,
)
from msgraph.generated.users.item.contact_folders.item.contacts.contacts_request_builder import (  # noqa: E402
    ContactsRequestBuilder,
)
from msgraph_core.tasks.page_iterator import PageIterator  # noqa: E402

ADA = "ada@contoso.example"
MARKER = "String {6f1c8a52-3d0b-4c7e-9a41-5be2c07d9f13} Name CrmlinkMarker"


def client():
    credential = ClientSecretCredential(
        TENANT, CLIENT, SECRET, authority=emulators.graph, disable_instance_discovery=True
    )
    provider = AzureIdentityAuthenticationProvider(
        credential, scopes=["https://graph.microsoft.com/.default"], allowed_hosts=[urlparse(emulators.graph).hostname]
    )
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = f"{emulators.graph}/v1.0"
    return credential, GraphServiceClient(request_adapter=adapter)


async def refused(call):
    """Status and code of a call that has to be refused."""
    try:
        await call
    except ODataError as error:
        return error.response_status_code, error.error.code
    return None


async def main():
    credential, graph = client()
    ada = graph.users.by_user_id(ADA)
    marker = SingleValueLegacyExtendedProperty(id=MARKER, value="v1 msgraph-sdk")
    folder = await ada.contact_folders.post(
        ContactFolder(display_name="From msgraph-sdk", single_value_extended_properties=[marker])
    )
    same("a folder is made", folder.display_name, "From msgraph-sdk")
    again = await refused(ada.contact_folders.post(ContactFolder(display_name="from MSGRAPH-sdk")))
    same("its name is taken", again, (409, "ErrorFolderExists"))
    inside = ada.contact_folders.by_contact_folder_id(folder.id).contacts

    made = []
    for number in range(25):
        made.append(
            await inside.post(
                Contact(
                    given_name=f"N{number}",
                    surname="O'Brien",
                    email_addresses=[EmailAddress(address=f"n{number}@x.example", name=f"N{number}")],
                    business_phones=["+1 512 555 0100"],
                    home_address=PhysicalAddress(city="Delft"),
                )
            )
        )
    same("a contact is made", (made[0].display_name, made[0].file_as), ("N0 O'Brien", "O'Brien, N0"))
    same("an empty address is an object", made[0].business_address.city, None)
    same("times are instants", made[0].created_date_time.utcoffset().total_seconds(), 0.0)

    page = await inside.get()
    same("a page has ten", len(page.value), 10)
    seen = []

    def take(contact):
        seen.append(contact.id)
        return True

    await PageIterator(page, graph.request_adapter).iterate(take)
    same("all pages have all", sorted(seen), sorted(contact.id for contact in made))

    parameters = ContactsRequestBuilder.ContactsRequestBuilderGetQueryParameters(
        filter="surname eq 'O''Brien' and givenName eq 'N7'", select=["id", "givenName", "changeKey"], top=5
    )
    found = await inside.get(RequestConfiguration(query_parameters=parameters))
    same("a filter with a quote", [contact.given_name for contact in found.value], ["N7"])
    same("a selection leaves out", found.value[0].surname, None)

    emulators.throttle_once("*/contacts")
    same("a throttled list comes in the end", len((await inside.get()).value), 10)

    one = inside.by_contact_id(made[0].id)
    changed = await one.patch(Contact(job_title="Pilot", mobile_phone="1"))
    same("a change", (changed.job_title, changed.mobile_phone, changed.surname), ("Pilot", "1", "O'Brien"))
    stale = RequestConfiguration()
    stale.headers.add("If-Match", made[0].additional_data["@odata.etag"])
    same(
        "a change to an old version",
        await refused(one.patch(Contact(job_title="Cook"), stale)),
        (412, "ErrorIrresolvableConflict"),
    )

    immutable = RequestConfiguration()
    immutable.headers.add("Prefer", 'IdType="ImmutableId"')
    kept = await one.get(immutable)
    same("two kinds of id", kept.id == made[0].id, False)
    same("both answer", (await inside.by_contact_id(kept.id).get()).id, made[0].id)

    delta = await inside.delta.get()
    changes = list(delta.value)
    while delta.odata_next_link:
        delta = await inside.delta.with_url(delta.odata_next_link).get()
        changes.extend(delta.value)
    same("the change query has all", len({contact.id for contact in changes}), 25)
    await one.delete()
    same("it is gone", await refused(one.get()), (404, "ErrorItemNotFound"))
    delta = await inside.delta.with_url(delta.odata_delta_link).get()
    removed = [contact.id for contact in delta.value if "@removed" in contact.additional_data]
    same("the change query tells", removed, [made[0].id])

    await ada.contact_folders.by_contact_folder_id(folder.id).delete()
    listed = await ada.contact_folders.get()
    same("the folder is gone", [row.id for row in listed.value if row.id == folder.id], [])
    same(
        "a user that is not there",
        await refused(graph.users.by_user_id("nobody@contoso.example").contact_folders.get()),
        (404, "ErrorInvalidUser"),
    )
    await credential.close()


asyncio.run(main())
