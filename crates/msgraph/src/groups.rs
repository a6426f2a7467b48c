//! Groups of the directory (`research/graph.md` §1).

use crate::call::Call;
use crate::directory_objects::{DirectoryObject, SELECT};
use crate::pages::Pages;
use crate::{Graph, encode};

/// The groups.
#[derive(Debug, Clone)]
pub struct Groups {
    graph: Graph,
}

impl Groups {
    pub(crate) fn new(graph: Graph) -> Self {
        Self { graph }
    }

    /// The direct members. Whoever is a member of a nested group only is not among them, as an assignment of an app
    /// to the group does not cover them either.
    #[must_use]
    pub fn members(&self, group_id: &str) -> Pages<DirectoryObject> {
        let target = format!("/groups/{}/members?{SELECT}&$top=999", encode::segment(group_id));
        let call = Call::get("/groups/{group}/members", target);
        Pages::new(self.graph.clone(), call, "group members")
    }
}
