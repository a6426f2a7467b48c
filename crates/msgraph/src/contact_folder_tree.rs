//! All contact folders of a mailbox, however deep (`research/graph.md` §6: child folders are listed apart).

use std::collections::HashSet;

use crate::contact_folders::{ContactFolder, ContactFolders};
use crate::error::Error;

/// More than a mailbox of people has, and few enough that a walk leaves most of its quota to the rest.
const MOST_FOLDERS: usize = 1_000;

impl ContactFolders {
    /// The folders below the default one, and those below them, each once and with its marker. Those in the deleted
    /// items are not among them.
    ///
    /// # Errors
    /// Those of a listing, and [`Error::Unaskable`] beyond 1,000 folders: a part is never taken for all.
    pub async fn tree(&self) -> Result<Vec<ContactFolder>, Error> {
        let mut known = HashSet::new();
        let mut all = Vec::new();
        let mut level = self.list().all().await?;
        loop {
            // A folder that is moved meanwhile comes twice.
            level.retain(|folder| known.insert(folder.id.clone()));
            if level.is_empty() {
                return Ok(all);
            }
            if all.len() + level.len() > MOST_FOLDERS {
                return Err(Error::Unaskable(
                    "the mailbox has more than 1,000 contact folders",
                ));
            }
            let below = self.below(&level).await?;
            all.extend(std::mem::replace(&mut level, below));
        }
    }

    /// The children of all of `parents`.
    async fn below(&self, parents: &[ContactFolder]) -> Result<Vec<ContactFolder>, Error> {
        let requests = parents
            .iter()
            .map(|parent| self.children(&parent.id).first())
            .collect();
        let mut children = Vec::new();
        for page in self.mailbox.batch(requests).await {
            match page {
                Ok(page) => {
                    children.extend(page.items);
                    if let Some(next) = page.next {
                        children.extend(self.page(&next).all().await?);
                    }
                }
                // Deleted since it was listed, with what was in it: Exchange's own word, not that of something between.
                Err(Error::NotFound(answer)) if answer.code.starts_with("Error") => {}
                Err(error) => return Err(error),
            }
        }
        Ok(children)
    }
}
