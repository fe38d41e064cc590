//! Every refusal is given by some test that drives the whole server. The testbed notes which ones were: those that
//! stood on a page and those that a stored decision had.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sekimori_login::Reason;

/// Refusals that nobody was given, by the notes in this folder.
pub fn check(folder: &Path) -> Vec<String> {
    let mut given = BTreeSet::new();
    let read = fs::read_dir(folder).and_then(|entries| {
        for entry in entries {
            given.extend(fs::read_to_string(entry?.path())?.lines().map(str::to_owned));
        }
        Ok(())
    });
    if let Err(error) = read {
        return vec![format!("{}: {error}", folder.display())];
    }
    missing(&given).map(|reason| format!("{}: no test was refused so", reason.code())).collect()
}

fn missing(given: &BTreeSet<String>) -> impl Iterator<Item = Reason> {
    let refusals = Reason::ALL.iter().copied().filter(|reason| reason.is_refusal());
    refusals.filter(|reason| !given.contains(reason.code()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_and_progress_is_no_refusal() {
        let mut given: BTreeSet<String> =
            Reason::ALL.iter().map(|reason| reason.code().to_owned()).collect();
        assert_eq!(missing(&given).count(), 0);
        given.remove("req.loop");
        given.remove("ok.admitted");
        assert_eq!(missing(&given).collect::<Vec<_>>(), [Reason::RequestLoop]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_no_success() {
        assert_eq!(check(Path::new("nowhere/at/all")).len(), 1);
    }
}
