//! Where letters are written: beside their place first, into their place when the accounts know what they hold.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sekimori_paper::{Fonts, Letter, Sender, print};
use zeroize::Zeroizing;

use crate::command::Failed;
use crate::files::new_private;

/// What is written, and where to. It is gone again if nothing came of it.
pub(super) struct Output {
    shape: Shape,
    /// Where it lies until it is done.
    part: PathBuf,
    /// Where it belongs.
    place: PathBuf,
    done: bool,
}

/// How letters lie in files.
enum Shape {
    /// All in one.
    One(fs::File),
    /// Each in its own, in a folder.
    Each,
}

impl Output {
    /// One file for all letters; it must be new.
    pub(super) fn one(place: &Path) -> Result<Self, Failed> {
        let part = beside(place)?;
        let file = new_private(&part).map_err(|error| not_new(&part, &error))?;
        Ok(Self { shape: Shape::One(file), part, place: place.to_owned(), done: false })
    }

    /// A folder with a file for each letter; it must be new.
    pub(super) fn each(place: &Path) -> Result<Self, Failed> {
        let part = beside(place)?;
        fs::create_dir(&part).map_err(|error| not_new(&part, &error))?;
        Ok(Self { shape: Shape::Each, part, place: place.to_owned(), done: false })
    }

    /// Print the letters; on return they are on the disk.
    pub(super) fn write(
        &mut self,
        sender: &Sender<'_>,
        letters: &[Letter<'_>],
        fonts: &Fonts,
        mut written: impl FnMut(u64),
    ) -> Result<(), Failed> {
        let printing = "printing the letters";
        match &mut self.shape {
            Shape::One(file) => {
                let pdf = print(sender, letters, fonts, written).map_err(Failed::at(printing))?;
                let pdf = Zeroizing::new(pdf);
                let kept = file.write_all(&pdf).and_then(|()| file.sync_all());
                kept.map_err(Failed::at(self.part.display()))?;
            }
            Shape::Each => {
                for (count, letter) in (1..).zip(letters) {
                    let one = std::slice::from_ref(letter);
                    let pdf = print(sender, one, fonts, |_| {}).map_err(Failed::at(printing))?;
                    let pdf = Zeroizing::new(pdf);
                    let path = self.part.join(format!("{}.pdf", letter.username));
                    let mut file = new_private(&path).map_err(Failed::at(path.display()))?;
                    let kept = file.write_all(&pdf).and_then(|()| file.sync_all());
                    kept.map_err(Failed::at(path.display()))?;
                    written(count);
                }
                sync_folder(&self.part).map_err(Failed::at(self.part.display()))?;
            }
        }
        sync_folder(folder_of(&self.part)).map_err(Failed::at(self.part.display()))
    }

    /// The accounts know what the letters hold: put them where they belong.
    pub(super) fn finish(mut self) -> Result<String, Failed> {
        self.done = true;
        let (part, place) = (&self.part, &self.place);
        let moved = fs::rename(part, place).and_then(|()| sync_folder(folder_of(place)));
        moved.map_err(|error| {
            let said = format!("{} could not be put into its place: {error}", part.display());
            Failed::new(said).remedy("the letters are good: print that file, then delete it")
        })?;
        Ok(place.display().to_string())
    }

    /// Nobody knows whether the accounts know what the letters hold: keep them.
    pub(super) fn keep(mut self, failed: Failed) -> Failed {
        self.done = true;
        failed.remedy(format!(
            "whether the letters in {} count is not known: delete them and print anew (letters that \
             nobody used are replaced)",
            self.part.display()
        ))
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if !self.done {
            let _ = match self.shape {
                Shape::One(_) => fs::remove_file(&self.part),
                Shape::Each => fs::remove_dir_all(&self.part),
            };
        }
    }
}

/// Where something lies until it is done. Its place must be free.
fn beside(place: &Path) -> Result<PathBuf, Failed> {
    if fs::symlink_metadata(place).is_ok() {
        let failed = Failed::new(format!("{} exists", place.display()));
        return Err(failed.remedy("name one that is not there yet; nothing was done"));
    }
    let mut part = place.as_os_str().to_owned();
    part.push(".part");
    Ok(part.into())
}

fn not_new(part: &Path, error: &io::Error) -> Failed {
    let failed = Failed::new(format!("{}: {error}", part.display()));
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            failed.remedy("it is of a print that was broken off: delete it; nothing was done")
        }
        _ => failed.remedy("nothing was done"),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What was made in a folder is there after a crash.
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}
