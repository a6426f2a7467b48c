//! The short list of what no contract describes but the operator has to call, each with a schema of its own: `$batch`,
//! the folders below a contact folder, the MIME form of `sendMail`, and the two token endpoints, with the document by
//! which client libraries find the first. Written from the vendors' reference pages.

use serde_json::{Value, json};

/// The description of a service's undescribed paths, in the form of the contracts.
pub(super) fn document(service: &str) -> Value {
    match service {
        "graph" => json!({ "paths": {
            "/v1.0/$batch": { "post": {
                "requestBody": { "required": true, "content": { "application/json": { "schema": batch_request() } } },
                "responses": {
                    "200": { "content": { "application/json": { "schema": batch_answer() } } },
                    "4XX": { "content": { "application/json": { "schema": graph_error() } } },
                },
            } },
            "/{tenant}/v2.0/.well-known/openid-configuration": { "get": { "responses": {
                "200": { "content": { "application/json": { "schema": { "type": "object" } } } },
                "4XX": { "content": { "application/json": { "schema": graph_token_error() } } },
            } } },
            "/v1.0/users/{user-id}/contactFolders/{contactFolder-id}/childFolders": { "get": {
                "parameters": folder_query(),
                "responses": {
                    "200": { "content": { "application/json": { "schema": folder_list() } } },
                    "4XX": { "content": { "application/json": { "schema": graph_error() } } },
                    "5XX": { "content": { "application/json": { "schema": graph_error() } } },
                },
            } },
            "/v1.0/users/{user-id}/sendMail": { "post": {
                "requestBody": { "required": true, "content": { "text/plain": { "schema": mime() } } },
                "responses": {
                    "202": {},
                    "4XX": { "content": { "application/json": { "schema": graph_error() } } },
                    "5XX": { "content": { "application/json": { "schema": graph_error() } } },
                },
            } },
            "/{tenant}/oauth2/v2.0/token": { "post": {
                "requestBody": { "required": true, "content": {
                    "application/x-www-form-urlencoded": { "schema": graph_token_request() }
                } },
                "responses": {
                    "200": { "content": { "application/json": { "schema": graph_token() } } },
                    "4XX": { "content": { "application/json": { "schema": graph_token_error() } } },
                },
            } },
        } }),
        "zoho" => {
            let token = json!({ "content": { "application/json": { "schema": zoho_token() } } });
            let names = [
                "grant_type",
                "client_id",
                "client_secret",
                "refresh_token",
                "code",
                "redirect_uri",
                "scope",
                "soid",
            ];
            let text = json!({ "type": "string", "minLength": 1 });
            let query: Vec<Value> = names
                .iter()
                .map(|name| json!({ "name": name, "in": "query", "schema": text }))
                .collect();
            let form: serde_json::Map<String, Value> = names
                .iter()
                .map(|name| ((*name).to_owned(), text.clone()))
                .collect();
            json!({ "paths": { "/oauth/v2/token": { "post": {
                "parameters": query,
                "requestBody": { "content": { "application/x-www-form-urlencoded": { "schema": {
                    "type": "object", "properties": form, "additionalProperties": false,
                } } } },
                // Errors come with 200 as well as with 400.
                "responses": { "200": token, "400": token, "401": token, "429": token },
            } } } })
        }
        _ => json!({ "paths": {} }),
    }
}

/// The options of a list of folders.
fn folder_query() -> Vec<Value> {
    let names = [
        "$top", "$skip", "$filter", "$count", "$orderby", "$select", "$expand",
    ];
    names
        .iter()
        .map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } }))
        .collect()
}

/// As the list of folders right below the default one, which the contract does describe.
fn folder_list() -> Value {
    let text = json!({ "type": ["string", "null"] });
    let property = json!({
        "type": "object",
        "required": ["id", "value"],
        "additionalProperties": false,
        "properties": { "id": { "type": "string" }, "value": text },
    });
    json!({
        "type": "object",
        "required": ["value"],
        "additionalProperties": false,
        "patternProperties": { "@": {} },
        "properties": { "value": { "type": "array", "items": {
            "type": "object",
            "required": ["id"],
            "additionalProperties": false,
            "patternProperties": { "@": {} },
            "properties": {
                "id": { "type": "string", "minLength": 1 },
                "displayName": text,
                "parentFolderId": text,
                "singleValueExtendedProperties": { "type": "array", "items": property },
            },
        } } },
    })
}

/// Base64 in one piece.
fn mime() -> Value {
    json!({ "type": "string", "pattern": "^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$" })
}

fn batch_request() -> Value {
    json!({
        "type": "object",
        "required": ["requests"],
        "additionalProperties": false,
        "properties": { "requests": { "type": "array", "minItems": 1, "maxItems": 20, "items": {
            "type": "object",
            "required": ["id", "method", "url"],
            "additionalProperties": false,
            "properties": {
                "id": { "type": "string", "minLength": 1 },
                "method": { "enum": ["GET", "POST", "PATCH", "PUT", "DELETE"] },
                // Relative to the version, never a whole address.
                "url": { "type": "string", "pattern": "^/[^/]" },
                "headers": { "type": "object", "additionalProperties": { "type": "string" } },
                "body": { "type": ["object", "string"] },
                "dependsOn": { "type": "array", "items": { "type": "string" } },
            },
            // A body says what it is.
            "dependentRequired": { "body": ["headers"] },
        } } },
    })
}

fn batch_answer() -> Value {
    json!({
        "type": "object",
        "required": ["responses"],
        "additionalProperties": false,
        "patternProperties": { "@": {} },
        "properties": { "responses": { "type": "array", "maxItems": 20, "items": {
            "type": "object",
            "required": ["id", "status"],
            "additionalProperties": false,
            "properties": {
                "id": { "type": "string" },
                "status": { "type": "integer", "minimum": 200, "maximum": 599 },
                "headers": { "type": "object", "additionalProperties": { "type": "string" } },
                "body": {},
            },
        } } },
    })
}

fn graph_error() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": { "type": "object", "required": ["code", "message"], "properties": {
            "code": { "type": "string" }, "message": { "type": "string" },
        } } },
    })
}

fn graph_token_request() -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    json!({
        "type": "object",
        "required": ["grant_type", "client_id", "scope"],
        "additionalProperties": false,
        "properties": {
            "grant_type": { "const": "client_credentials" },
            "client_id": text,
            "scope": text,
            "client_secret": text,
            "client_assertion": text,
            "client_assertion_type": { "const": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" },
        },
        "dependentRequired": {
            "client_assertion": ["client_assertion_type"],
            "client_assertion_type": ["client_assertion"],
        },
        "oneOf": [{ "required": ["client_secret"] }, { "required": ["client_assertion"] }],
    })
}

/// An app on its own gets no refresh token; one that acts for a person gets one, and is told the scopes.
fn graph_token() -> Value {
    let app = json!({
        "token_type": { "const": "Bearer" },
        "expires_in": { "type": "integer", "minimum": 1 },
        "ext_expires_in": { "type": "integer", "minimum": 1 },
        "access_token": { "type": "string", "minLength": 1 },
    });
    let mut person = app.clone();
    for name in ["refresh_token", "scope"] {
        person[name] = json!({ "type": "string", "minLength": 1 });
    }
    let closed = |properties: Value, required: &[&str]| {
        json!({
            "type": "object",
            "required": required,
            "additionalProperties": false,
            "properties": properties,
        })
    };
    json!({ "anyOf": [
        closed(app, &["token_type", "expires_in", "access_token"]),
        closed(person, &["token_type", "expires_in", "access_token", "refresh_token", "scope"]),
    ] })
}

fn graph_token_error() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "additionalProperties": false,
        "properties": {
            "error": { "type": "string" },
            "error_description": { "type": "string" },
            "error_codes": { "type": "array", "items": { "type": "integer" } },
            "error_uri": { "type": "string" },
            "timestamp": { "type": "string" },
            "trace_id": { "type": "string" },
            "correlation_id": { "type": "string" },
            "suberror": { "type": "string" },
            "claims": { "type": "string" },
        },
    })
}

fn zoho_token() -> Value {
    json!({ "anyOf": [
        {
            "type": "object",
            "required": ["access_token", "api_domain", "token_type", "expires_in"],
            "additionalProperties": false,
            "properties": {
                "access_token": { "type": "string", "minLength": 1 },
                "refresh_token": { "type": "string" },
                "api_domain": { "type": "string", "pattern": "^https?://" },
                "scope": { "type": "string" },
                "token_type": { "const": "Bearer" },
                "expires_in": { "type": "integer" },
                "expires_in_sec": { "type": "integer" },
            },
        },
        {
            "type": "object",
            "required": ["error"],
            "additionalProperties": false,
            "properties": {
                "error": { "type": "string" },
                "error_description": { "type": "string" },
                "status": { "const": "failure" },
            },
        },
    ] })
}
