//! The file system as ty sees it: [`OsSystem`], but the text of a file is what [`source::decode`] makes of its bytes, so that
//! ty's offsets are ours in files with a byte order mark or an encoding of their own.

use std::any::Any;
use std::env::VarError;
use std::io;

use ruff_db::system::walk_directory::WalkDirectoryBuilder;
use ruff_db::system::{
    DirectoryEntry, Metadata, OsSystem, Result, System, SystemPath, SystemPathBuf, SystemVirtualPath, WhichResult,
    WritableSystem,
};
use ruff_notebook::{Notebook, NotebookError};

use super::source;

/// The disk, read as Python reads its source.
#[derive(Clone, Debug)]
pub struct SourceSystem(OsSystem);

impl SourceSystem {
    /// The system with `directory` as its current directory.
    pub fn new(directory: &SystemPath) -> Self {
        Self(OsSystem::new(directory))
    }
}

impl System for SourceSystem {
    fn read_to_string(&self, path: &SystemPath) -> Result<String> {
        let bytes = std::fs::read(path.as_std_path())?;
        match source::decode(&bytes) {
            Ok(source) => Ok(source.text),
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
    }

    fn path_metadata(&self, path: &SystemPath) -> Result<Metadata> {
        self.0.path_metadata(path)
    }

    fn canonicalize_path(&self, path: &SystemPath) -> Result<SystemPathBuf> {
        self.0.canonicalize_path(path)
    }

    fn is_same_file(&self, first: &SystemPath, second: &SystemPath) -> Result<bool> {
        self.0.is_same_file(first, second)
    }

    fn which(&self, binary_name: &str) -> WhichResult {
        self.0.which(binary_name)
    }

    fn read_to_notebook(&self, path: &SystemPath) -> std::result::Result<Notebook, NotebookError> {
        self.0.read_to_notebook(path)
    }

    /// The text of a virtual file is its path.
    fn read_virtual_path_to_string(&self, path: &SystemVirtualPath) -> Result<String> {
        Ok(path.as_str().to_owned())
    }

    fn read_virtual_path_to_notebook(&self, path: &SystemVirtualPath) -> std::result::Result<Notebook, NotebookError> {
        self.0.read_virtual_path_to_notebook(path)
    }

    fn path_exists(&self, path: &SystemPath) -> bool {
        self.0.path_exists(path)
    }

    fn current_directory(&self) -> &SystemPath {
        self.0.current_directory()
    }

    fn user_config_directory(&self) -> Option<SystemPathBuf> {
        self.0.user_config_directory()
    }

    fn cache_dir(&self) -> Option<SystemPathBuf> {
        self.0.cache_dir()
    }

    fn read_directory<'a>(
        &'a self,
        path: &SystemPath,
    ) -> Result<Box<dyn Iterator<Item = Result<DirectoryEntry>> + 'a>> {
        self.0.read_directory(path)
    }

    fn walk_directory(&self, path: &SystemPath) -> WalkDirectoryBuilder {
        self.0.walk_directory(path)
    }

    fn env_var(&self, name: &str) -> std::result::Result<String, VarError> {
        self.0.env_var(name)
    }

    /// Nothing is written through ty.
    fn as_writable(&self) -> Option<&dyn WritableSystem> {
        None
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn dyn_clone(&self) -> Box<dyn System> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_we_decode() {
        let folder = tempfile::tempdir().unwrap();
        let system = SourceSystem::new(SystemPath::from_std_path(folder.path()).unwrap());
        let check = |bytes: &[u8], expected: Option<&str>| {
            let path = SystemPathBuf::from_path_buf(folder.path().join("a.py")).unwrap();
            std::fs::write(path.as_std_path(), bytes).unwrap();
            assert_eq!(system.read_to_string(&path).ok().as_deref(), expected);
        };
        check(b"\xef\xbb\xbfx = 1\n", Some("x = 1\n"));
        check(b"# coding: latin-1\nx = '\xe4'\n", Some("# coding: latin-1\nx = 'ä'\n"));
        check(b"x = '\xe4'\n", None);
    }
}
