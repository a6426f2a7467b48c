//! Organisation, users and groups.

use serde_json::{Map, Value, json};

use super::errors::{Failure, Reply};
use super::filter::{Filter, Filterable, UnknownPath};
use super::http_api::{Call, Caller};
use super::ids;
use super::principals::{Principal, show_group};
use super::service_principals::of_app;
use super::tenant::{Tenant, User};

/// What a user shows when nothing is selected.
const DEFAULTS: [&str; 11] = [
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
];

/// What else can be selected here.
const MORE: [&str; 3] = ["accountEnabled", "proxyAddresses", "userType"];

/// What groups and apps have besides, in lists of members of any kind.
const OTHERS: [&str; 10] = [
    "appId",
    "appOwnerOrganizationId",
    "appRoleAssignmentRequired",
    "appRoles",
    "description",
    "mailEnabled",
    "securityEnabled",
    "servicePrincipalType",
    "accountEnabled",
    "displayName",
];

/// What an app with User.ReadBasic.All may see.
const BASIC: [&str; 6] = [
    "displayName",
    "givenName",
    "id",
    "mail",
    "surname",
    "userPrincipalName",
];

pub(super) fn not_found(name: &str) -> Failure {
    let text = format!(
        "Resource '{name}' does not exist or one of its queried reference-property objects are not present."
    );
    Failure::new(404, "Request_ResourceNotFound", text)
}

/// Wraps rows in a page; directory lists show 100 rows unless `$top` says otherwise.
pub(super) fn page(call: &Call, what: &str, rows: Vec<Value>) -> Result<Reply, Failure> {
    let top = call.query.top(100)?;
    let offset = call
        .query
        .skip_token("offset")?
        .map_or(0, |at| usize::try_from(at).unwrap_or(usize::MAX));
    let total = rows.len();
    let end = offset.saturating_add(top);
    let shown: Vec<Value> = rows.into_iter().skip(offset).take(top).collect();
    let mut out = Map::new();
    out.insert("@odata.context".to_owned(), json!(call.context(what)));
    out.insert("value".to_owned(), Value::Array(shown));
    if total > end {
        let token = ids::seal(&json!({"offset": end}));
        out.insert(
            "@odata.nextLink".to_owned(),
            json!(call.url(&call.query.next_page(&token))),
        );
    }
    Ok(Reply::ok(Value::Object(out)))
}

/// Keeps the selected members and the annotations.
pub(super) fn cut(object: Value, select: Option<&[String]>) -> Value {
    let (Value::Object(mut map), Some(names)) = (object.clone(), select) else {
        return object;
    };
    map.retain(|name, _| name.starts_with('@') || names.iter().any(|wanted| wanted == name));
    Value::Object(map)
}

pub(super) fn organization(tenant: &Tenant, caller: &Caller, call: &Call) -> Result<Reply, Failure> {
    caller.need(&["Organization.Read.All", "Directory.Read.All", "User.Read.All"])?;
    call.query.allow(&["$select", "$top", "$skiptoken"])?;
    let row = json!({
        "id": tenant.id,
        "displayName": tenant.display_name,
        "tenantType": "AAD",
        "verifiedDomains": [{
            "capabilities": "Email, OfficeCommunicationsOnline",
            "isDefault": true,
            "isInitial": false,
            "name": tenant.domain,
            "type": "Managed",
        }],
    });
    let known = |name: &str| row.get(name).is_some();
    let select = call.query.select(known, "organization")?;
    page(call, "organization", vec![cut(row.clone(), select.as_deref())])
}

fn show(user: &User) -> Value {
    json!({
        "id": user.id,
        "userPrincipalName": user.upn,
        "mail": user.mail,
        "displayName": user.display_name,
        "givenName": user.given_name,
        "surname": user.surname,
        "accountEnabled": user.enabled,
        "userType": user.kind,
        "proxyAddresses": user.proxy_addresses,
        "businessPhones": [],
        "jobTitle": null,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
    })
}

/// The members to show; selecting more than the basic profile needs more than the basic permission.
fn user_select(caller: &Caller, call: &Call) -> Result<Vec<String>, Failure> {
    caller.need(&["User.Read.All", "Directory.Read.All", "User.ReadBasic.All"])?;
    let known = |name: &str| DEFAULTS.contains(&name) || MORE.contains(&name);
    let select = call.query.select(known, "user")?;
    let full = caller.holds(&["User.Read.All", "Directory.Read.All"]);
    match select {
        Some(names) if full => Ok(names),
        Some(names) if names.iter().all(|name| BASIC.contains(&name.as_str())) => Ok(names),
        Some(_) => {
            let text = "Insufficient privileges to complete the operation.";
            Err(Failure::new(403, "Authorization_RequestDenied", text))
        }
        None if full => Ok(DEFAULTS.map(str::to_owned).to_vec()),
        None => Ok(BASIC.map(str::to_owned).to_vec()),
    }
}

pub(super) fn user(tenant: &Tenant, caller: &Caller, call: &Call, name: &str) -> Result<Reply, Failure> {
    call.query.allow(&["$select"])?;
    let select = user_select(caller, call)?;
    let found = tenant.user(name).ok_or_else(|| not_found(name))?;
    let mut out = cut(show(found), Some(&select));
    out["@odata.context"] = json!(call.context("users/$entity"));
    Ok(Reply::ok(out))
}

pub(super) fn users(tenant: &Tenant, caller: &Caller, call: &Call) -> Result<Reply, Failure> {
    call.query
        .allow(&["$select", "$top", "$skiptoken", "$filter", "$count"])?;
    let select = user_select(caller, call)?;
    let advanced = call
        .headers
        .get("consistencylevel")
        .is_some_and(|value| value == "eventual");
    if call.query.get("$count").is_some() && !advanced {
        let text = "$count is not supported without the header ConsistencyLevel: eventual.";
        return Err(Failure::new(400, "Request_UnsupportedQuery", text));
    }
    let filter = call
        .query
        .get("$filter")
        .map(Filter::parse)
        .transpose()
        .map_err(|_| {
            Failure::new(
                400,
                "Request_UnsupportedQuery",
                "Unsupported or invalid query filter clause specified.",
            )
        })?;
    let mut rows = Vec::new();
    for user in tenant.living() {
        if filter.as_ref().map_or(Ok(true), |filter| filter.matches(user))? {
            rows.push(cut(show(user), Some(&select)));
        }
    }
    page(call, "users", rows)
}

pub(super) fn group_members(
    tenant: &Tenant,
    caller: &Caller,
    call: &Call,
    id: &str,
) -> Result<Reply, Failure> {
    caller.need(&["GroupMember.Read.All", "Directory.Read.All"])?;
    call.query.allow(&["$select", "$top", "$skiptoken"])?;
    let group = tenant
        .groups
        .iter()
        .find(|group| group.id.eq_ignore_ascii_case(id));
    let group = group.ok_or_else(|| not_found(id))?;
    let members = group.members.iter().filter_map(|id| tenant.principal(id));
    members_page(tenant, caller, call, members)
}

/// Members of a role or a group, of whatever kind. Without the right to read a kind, its members show their ids only.
pub(super) fn members_page<'a>(
    tenant: &Tenant,
    caller: &Caller,
    call: &Call,
    members: impl Iterator<Item = Principal<'a>>,
) -> Result<Reply, Failure> {
    let known = |name: &str| DEFAULTS.contains(&name) || MORE.contains(&name) || OTHERS.contains(&name);
    let select = call.query.select(known, "directoryObject")?;
    let rows = members.map(|member| {
        let (shown, readers) = match member {
            Principal::User(user) => (show(user), &["User.Read.All", "Directory.Read.All"][..]),
            Principal::Group(group) => (
                show_group(group),
                &["GroupMember.Read.All", "Directory.Read.All"][..],
            ),
            Principal::App(app) => (
                of_app(tenant, app),
                &["Application.Read.All", "Directory.Read.All"][..],
            ),
        };
        let defaults = || match member {
            Principal::User(_) => DEFAULTS.map(str::to_owned).to_vec(),
            Principal::Group(_) | Principal::App(_) => shown
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name.clone())
                .collect(),
        };
        let names = select.clone().unwrap_or_else(defaults);
        let mut row = cut(shown, Some(&names));
        if let (Value::Object(members), false) = (&mut row, caller.holds(readers)) {
            for (_, value) in members.iter_mut().filter(|(name, _)| *name != "id") {
                *value = Value::Null;
            }
        }
        row["@odata.type"] = json!(member.odata_type());
        row
    });
    page(call, "directoryObjects", rows.collect())
}

impl Filterable for User {
    fn text(&self, path: &str) -> Result<Option<String>, UnknownPath> {
        Ok(match path {
            "accountEnabled" => Some(self.enabled.to_string()),
            "displayName" => Some(self.display_name.clone()),
            "givenName" => self.given_name.clone(),
            "id" => Some(self.id.clone()),
            "mail" => self.mail.clone(),
            "surname" => self.surname.clone(),
            "userPrincipalName" => Some(self.upn.clone()),
            "userType" => Some(self.kind.clone()),
            _ => return Err(UnknownPath),
        })
    }

    fn list(&self, list: &str, member: Option<&str>) -> Result<Vec<String>, UnknownPath> {
        if list == "proxyAddresses" && member.is_none() {
            Ok(self.proxy_addresses.clone())
        } else {
            Err(UnknownPath)
        }
    }

    fn extended(&self, _: &str) -> Option<&str> {
        None
    }
}
