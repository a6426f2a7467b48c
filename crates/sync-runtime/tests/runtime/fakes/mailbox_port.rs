//! A mailbox in memory: the port.

use std::collections::BTreeSet;

use sync_runtime::ports::{
    ChangePage, CreateFolderFailure, Failure, Folder, Found, Item, ItemFailure, ItemUpdate, Mailbox, NewItem,
    Poll, Service,
};

use super::mailbox::{FakeMailbox, ROOT, State, TRASH};

impl FakeMailbox {
    async fn call<T>(&self, name: &'static str, work: impl FnOnce(&mut State) -> T) -> Result<T, Failure> {
        let dies = self.faults.enter(name, Service::Office).await?;
        let answer = work(&mut self.state());
        self.faults.leave(dies).await;
        Ok(answer)
    }

    /// One item after the other, as a batch does it; a crash leaves the rest undone.
    async fn each<I, T>(
        &self,
        call: &'static str,
        items: &[I],
        one: impl Fn(&mut State, &I) -> Result<T, ItemFailure>,
    ) -> Vec<Result<T, ItemFailure>> {
        let mut results = Vec::with_capacity(items.len());
        for item in items {
            let fate = self.faults.item(call, Service::Office);
            let result = if fate.effect {
                one(&mut self.state(), item)
            } else {
                Err(ItemFailure::Gone)
            };
            if fate.dies {
                self.faults.crash().await;
            }
            results.push(fate.failure.map_or(result, Err));
        }
        results
    }
}

impl Mailbox for FakeMailbox {
    async fn folder(&self, id: &str) -> Result<Option<Folder>, Failure> {
        self.call("folder", |state| state.folders.get(id).cloned()).await
    }

    async fn poll(&self, folder: &str, cursor: &str) -> Result<Poll, Failure> {
        self.call("poll", |state| {
            let found = state.folders.get(folder).cloned();
            let page = found.as_ref().and_then(|_| state.changes(folder, Some(cursor)));
            Poll { folder: found, page }
        })
        .await
    }

    async fn changes(&self, folder: &str, from: Option<&str>) -> Result<Option<ChangePage>, Failure> {
        self.call("changes", |state| state.changes(folder, from)).await
    }

    async fn folders(&self) -> Result<Vec<Folder>, Failure> {
        self.call("folders", |state| {
            let shown = state.folders.values().filter(|folder| state.is_shown(&folder.id));
            shown.cloned().collect()
        })
        .await
    }

    async fn create_folder(&self, name: &str, marker: &str) -> Result<Folder, CreateFolderFailure> {
        self.call("create_folder", |state| {
            if state.name_taken(name, ROOT, None) {
                return Err(CreateFolderFailure::NameTaken);
            }
            state.writes.folders += 1;
            Ok(state.add_folder(ROOT, name, Some(marker)))
        })
        .await?
    }

    async fn rename_folder(&self, id: &str, name: &str) -> Result<(), CreateFolderFailure> {
        self.call("rename_folder", |state| {
            let parent = state.folders.get(id).map(|folder| folder.parent.clone());
            if state.name_taken(name, &parent.unwrap_or_default(), Some(id)) {
                return Err(CreateFolderFailure::NameTaken);
            }
            state.writes.folders += 1;
            state.writes.outside += u64::from(!state.ours(id));
            if let Some(folder) = state.folders.get_mut(id) {
                name.clone_into(&mut folder.name);
            }
            Ok(())
        })
        .await?
    }

    async fn mark_folder(&self, id: &str, marker: &str) -> Result<(), Failure> {
        self.call("mark_folder", |state| {
            state.writes.folders += 1;
            state.writes.outside += u64::from(!state.ours(id));
            if let Some(folder) = state.folders.get_mut(id) {
                folder.marker = Some(marker.to_owned());
            }
        })
        .await
    }

    async fn delete_folder(&self, id: &str) -> Result<(), Failure> {
        self.call("delete_folder", |state| {
            state.writes.folders += 1;
            state.writes.outside += u64::from(!state.ours(id));
            if let Some(folder) = state.folders.get_mut(id) {
                TRASH.clone_into(&mut folder.parent);
            }
        })
        .await
    }

    async fn items(&self, folder: &str) -> Result<Vec<Item>, Failure> {
        self.call("items", |state| {
            state.settle();
            let here = state.items.iter().filter(|(_, held)| held.folder == folder);
            here.filter_map(|(id, _)| state.item(id)).collect()
        })
        .await
    }

    async fn read(&self, folder: &str, ids: &[String]) -> Result<Vec<Found>, Failure> {
        self.call("read", |state| {
            state.settle();
            ids.iter().map(|id| state.found(folder, id)).collect()
        })
        .await
    }

    async fn find(&self, folder: &str, markers: &[String]) -> Result<Vec<Item>, Failure> {
        let wanted: BTreeSet<&str> = markers.iter().map(String::as_str).collect();
        self.call("find", |state| {
            state.settle();
            let here = state.items.iter().filter(|(_, held)| {
                held.folder == folder && held.marker.as_deref().is_some_and(|m| wanted.contains(m))
            });
            here.filter_map(|(id, _)| state.item(id)).collect()
        })
        .await
    }

    async fn create(&self, folder: &str, items: &[NewItem]) -> Vec<Result<Item, ItemFailure>> {
        self.each("create item", items, |state, new| state.create(folder, new))
            .await
    }

    async fn update(&self, folder: &str, updates: &[ItemUpdate]) -> Vec<Result<Item, ItemFailure>> {
        self.state().meddle();
        for update in updates {
            self.faults
                .note(format!("  we write {:?} of {}", update.changes, update.item.id));
        }
        self.each("update item", updates, |state, update| {
            state.update(folder, update)
        })
        .await
    }

    async fn delete(&self, folder: &str, items: &[Item]) -> Vec<Result<(), ItemFailure>> {
        self.state().meddle();
        self.each("delete item", items, |state, item| state.delete(folder, item))
            .await
    }
}
