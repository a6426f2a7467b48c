"""Zoho's own client (zohocrmsdk8-0) against the CRM emulator, with the metadata that it reads first."""

import os

from addresses import Emulators, same

emulators = Emulators()

from zohocrmsdk.src.com.zoho.api.authenticator import OAuthToken  # noqa: E402
from zohocrmsdk.src.com.zoho.api.authenticator.store import FileStore  # noqa: E402
from zohocrmsdk.src.com.zoho.crm.api import HeaderMap, Initializer, ParameterMap  # noqa: E402
from zohocrmsdk.src.com.zoho.crm.api.coql import BodyWrapper as Query  # noqa: E402
from zohocrmsdk.src.com.zoho.crm.api.coql import CoqlOperations  # noqa: E402
from zohocrmsdk.src.com.zoho.crm.api.dc import DataCenter  # noqa: E402
from zohocrmsdk.src.com.zoho.crm.api.record import (  # noqa: E402
    BodyWrapper,
    DeleteRecordParam,
    DeleteRecordsParam,
    Field,
    GetDeletedRecordsParam,
    GetRecordsHeader,
    GetRecordsParam,
    Record,
    RecordOperations,
)
from zohocrmsdk.src.com.zoho.crm.api.sdk_config import SDKConfig  # noqa: E402


def sign_in():
    environment = DataCenter.Environment(
        emulators.zoho, f"{emulators.zoho}/oauth/v2/token", emulators.zoho
    )
    token = OAuthToken(client_id="c", client_secret="s", refresh_token="r")
    Initializer.initialize(
        environment=environment,
        token=token,
        store=FileStore(os.path.abspath("tokens.txt")),
        sdk_config=SDKConfig(auto_refresh_fields=True, pick_list_validation=False),
        resource_path=os.getcwd(),
    )


def parameters(pairs):
    map = ParameterMap()
    for name, value in pairs:
        map.add(name, value)
    return map


def body(records):
    request = BodyWrapper()
    request.set_data(records)
    request.set_trigger([])
    return request


def codes(response):
    """Status of an answer to a write, and the codes of its rows."""
    rows = response.get_object().get_data()
    return response.get_status_code(), [row.get_code().get_value() for row in rows]


def main():
    sign_in()
    contacts = RecordOperations("Contacts")

    seen, token = [], None
    while True:
        pairs = [(GetRecordsParam.fields, "id,Last_Name,Modified_Time,Owner"), (GetRecordsParam.per_page, 200)]
        if token:
            pairs.append((GetRecordsParam.page_token, token))
        page = contacts.get_records(parameters(pairs), HeaderMap())
        same("a page", page.get_status_code(), 200)
        seen.extend(page.get_object().get_data())
        info = page.get_object().get_info()
        token = info.get_next_page_token()
        if not info.get_more_records():
            break
    same("all pages have all", len({record.get_id() for record in seen}), 450)
    same("times are instants", seen[0].get_modified_time().utcoffset() is None, False)
    same("an owner has a name", seen[0].get_key_value("Owner").get_name(), "Ada Byron")

    def contact(last_name, email):
        record = Record()
        record.add_field_value(Field.Contacts.last_name(), last_name)
        record.add_field_value(Field.Contacts.email(), email)
        return record

    made = contacts.create_records(body([contact("Babbage", "c@x.example"), contact("Lovelace", "a@x.example")]), HeaderMap())
    same("two are made", codes(made), (201, ["SUCCESS", "SUCCESS"]))
    ids = [int(row.get_details()["id"]) for row in made.get_object().get_data()]
    nameless = Record()
    nameless.add_field_value(Field.Contacts.first_name(), "No")
    mixed = contacts.create_records(body([nameless, contact("Menabrea", "l@x.example")]), HeaderMap())
    same("one of two is refused", codes(mixed), (207, ["MANDATORY_NOT_FOUND", "SUCCESS"]))
    invalid = contacts.create_records(body([contact("Odd", "no address")]), HeaderMap())
    same("no address", codes(invalid), (400, ["INVALID_DATA"]))

    one = contacts.get_record(ids[0], ParameterMap(), HeaderMap()).get_object().get_data()[0]
    same("one is read", one.get_key_value("Last_Name"), "Babbage")
    change = Record()
    change.add_field_value(Field.Contacts.title(), "Engineer")
    same("it is changed", codes(contacts.update_record(ids[0], body([change]), HeaderMap())), (200, ["SUCCESS"]))
    one = contacts.get_record(ids[0], ParameterMap(), HeaderMap()).get_object().get_data()[0]
    same("the change is there", (one.get_key_value("Title"), one.get_key_value("Last_Name")), ("Engineer", "Babbage"))
    later = HeaderMap()
    later.add(GetRecordsHeader.if_modified_since, one.get_modified_time())
    unchanged = contacts.get_records(parameters([(GetRecordsParam.fields, "id")]), later)
    same("nothing after that", (unchanged.get_status_code(), unchanged.get_object()), (304, None))

    query = Query()
    query.set_select_query("select id, Last_Name from Contacts where Email = 'a@x.example' limit 10")
    found = CoqlOperations().get_records(query)
    same("a query", [row.get_key_value("Last_Name") for row in found.get_object().get_data()], ["Lovelace"])
    query.set_select_query("select id from Contacts where Email = 'nobody@x.example'")
    same("a query for nobody", CoqlOperations().get_records(query).get_status_code(), 204)

    quiet = (DeleteRecordParam.wf_trigger, False)
    gone = contacts.delete_record(ids[0], parameters([quiet]), HeaderMap())
    same("one is deleted", codes(gone), (200, ["SUCCESS"]))
    gone = contacts.delete_records(
        parameters([(DeleteRecordsParam.ids, str(ids[1])), (DeleteRecordsParam.wf_trigger, False)]), HeaderMap()
    )
    same("another one", codes(gone), (200, ["SUCCESS"]))
    same("is gone", contacts.get_record(ids[0], ParameterMap(), HeaderMap()).get_status_code(), 204)
    deleted = contacts.get_deleted_records(parameters([(GetDeletedRecordsParam.type, "all")]), HeaderMap())
    rows = deleted.get_object().get_data()
    same("the deleted list", {row.get_id() for row in rows}, set(ids))
    same("with a name", sorted(row.get_display_name() for row in rows), ["Babbage", "Lovelace"])


main()
