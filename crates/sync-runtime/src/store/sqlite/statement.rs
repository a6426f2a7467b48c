//! How statements begin: their text is fixed, so that the connection prepares each once, and values are bound.

use sqlx::sqlite::SqliteArguments;
use sync_engine::identity::ScopeId;

pub(super) type Statement = sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments>;

/// A statement whose first parameter is a sync.
pub(super) fn of_scope(statement: &'static str, scope: ScopeId) -> Statement {
    sqlx::query(statement).bind(scope.as_bytes().to_vec())
}

/// A statement whose first parameters are a sync and a record or an item.
pub(super) fn of_contact(statement: &'static str, scope: ScopeId, id: String) -> Statement {
    of_scope(statement, scope).bind(id)
}

/// The texts as one JSON parameter: SQLite limits the number of parameters, not their size.
pub(super) fn list(texts: &[String]) -> String {
    serde_json::Value::from(texts.to_vec()).to_string()
}
