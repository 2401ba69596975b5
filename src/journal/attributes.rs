//! What a file has besides its bytes, and must keep when it is replaced: mode, owner, extended attributes (ACLs, labels).

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::path::Path;

/// Mode and owner, as the journal keeps them. On systems without them all are 0 and setting them does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
}

/// Tells whether a file was touched between two looks, without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity(Vec<i128>);

#[cfg(unix)]
mod system {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    use super::*;

    pub(crate) fn attributes(metadata: &Metadata) -> Attributes {
        Attributes { mode: metadata.mode() & 0o7777, uid: metadata.uid(), gid: metadata.gid() }
    }

    pub(crate) fn identity(metadata: &Metadata) -> Identity {
        let numbers = [metadata.dev(), metadata.ino(), metadata.size()].map(i128::from);
        let times = [metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec()].map(i128::from);
        Identity(numbers.into_iter().chain(times).collect())
    }

    pub(crate) fn names(metadata: &Metadata) -> u64 {
        metadata.nlink()
    }

    /// The owner first: changing it clears the setuid bits of the mode.
    pub(crate) fn apply(file: &File, wanted: Attributes) -> io::Result<()> {
        let now = attributes(&file.metadata()?);
        if (now.uid, now.gid) != (wanted.uid, wanted.gid) {
            fchown(file, Some(wanted.uid), Some(wanted.gid))?;
        }
        file.set_permissions(Permissions::from_mode(wanted.mode))
    }

    /// Copies what the new file may carry. Some attributes belong to the kernel or to root and cannot be set; one that the
    /// new file has already (a default ACL, a label) is fine.
    pub(crate) fn copy_extended(from: &Path, to: &File) -> io::Result<()> {
        use rustix::fs::{XattrFlags, fsetxattr, getxattr, listxattr};
        let mut names = vec![0u8; 1 << 16];
        let Ok(length) = listxattr(from, &mut names) else { return Ok(()) };
        for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            let mut value = vec![0u8; 1 << 16];
            let Ok(length) = getxattr(from, name, &mut value) else { continue };
            let set = fsetxattr(to, name, &value[..length], XattrFlags::empty());
            if let Err(error) = set
                && (name.starts_with(b"user.") || name == b"system.posix_acl_access")
            {
                return Err(error.into());
            }
        }
        Ok(())
    }
}

#[cfg(not(unix))]
mod system {
    use super::*;

    pub(crate) fn attributes(_metadata: &Metadata) -> Attributes {
        Attributes { mode: 0, uid: 0, gid: 0 }
    }

    pub(crate) fn identity(metadata: &Metadata) -> Identity {
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        Identity(vec![i128::from(metadata.len()), modified.map_or(0, |time| time.as_nanos() as i128)])
    }

    pub(crate) fn names(_metadata: &Metadata) -> u64 {
        1
    }

    pub(crate) fn apply(_file: &File, _wanted: Attributes) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn copy_extended(_from: &Path, _to: &File) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) use system::{apply, attributes, copy_extended, identity, names};
