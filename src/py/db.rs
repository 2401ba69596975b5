//! The smallest database that ty's semantic crates accept, over the project's source roots and third-party packages.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, Result};
use ruff_db::files::{File, Files};
use ruff_db::system::{System, SystemPathBuf};
use ruff_db::vendored::VendoredFileSystem;
use ruff_python_ast::PythonVersion;
use ty_module_resolver::SearchPathSettings;
use ty_python_core::ProgramFile;
use ty_python_core::platform::PythonPlatform;
use ty_python_core::program::{FallibleStrategy, Program, ProgramSettings};
use ty_python_semantic::lint::{LintRegistry, RuleSelection};
use ty_python_semantic::{AnalysisSettings, PythonVersionSource, PythonVersionWithSource, default_lint_registry};

use super::system::SourceSystem;
use crate::project::homes::{self, Roots};

/// What a database is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// Types alone: ty does not look for errors in the code that it goes through for them.
    #[default]
    Types,
    /// What ty reports, too.
    Faults,
}

/// ty's database. Clones share their caches, one a thread.
#[salsa::db]
#[derive(Clone)]
pub struct Db {
    storage: salsa::Storage<Self>,
    files: Files,
    system: Arc<SourceSystem>,
    vendored: VendoredFileSystem,
    rules: Arc<RuleSelection>,
    analysis: Arc<AnalysisSettings>,
    settings: Arc<ProgramSettings>,
    homes: Arc<Homes>,
    asked: Asked,
}

/// The programs of the folders in which an import finds other modules than elsewhere, each made when a file asks for it.
struct Homes {
    folders: Vec<PathBuf>,
    settings: Vec<OnceLock<Option<ProgramSettings>>>,
    source_roots: Vec<PathBuf>,
    site_packages: Vec<PathBuf>,
}

impl Db {
    /// Opens a database over the files below `root`.
    ///
    /// # Errors
    /// When a path is not UTF-8, or a search path cannot be read.
    pub fn open(root: &Path, roots: Roots, version: PythonVersion, asked: Asked) -> Result<Self> {
        let root = system_path(root)?;
        let system = Arc::new(SourceSystem::new(&root));
        let vendored = ty_vendored::file_system().clone();
        let settings = settings(&system, &vendored, roots.source_roots, roots.site_packages, version)?;
        let homes = Homes {
            folders: roots.homes.to_vec(),
            settings: roots.homes.iter().map(|_| OnceLock::new()).collect(),
            source_roots: roots.source_roots.to_vec(),
            site_packages: roots.site_packages.to_vec(),
        };
        let db = Self {
            storage: salsa::Storage::new(None),
            files: Files::default(),
            system,
            vendored,
            rules: Arc::new(RuleSelection::from_registry(default_lint_registry())),
            analysis: Arc::new(AnalysisSettings::default()),
            settings: Arc::new(settings),
            homes: Arc::new(homes),
            asked,
        };
        db.settings.search_paths.try_register_static_roots(&db);
        Ok(db)
    }

    /// The program that a file belongs to.
    fn program_of(&self, file: File) -> Program<'_> {
        let home = file.path(self).as_system_path().and_then(|path| {
            let at = homes::nearest(self.homes.folders.iter().map(PathBuf::as_path), path.as_std_path())?;
            self.homes.settings[at].get_or_init(|| self.settings_at(at)).as_ref()
        });
        match home {
            Some(settings) => Program::from_settings(self, settings),
            None => program(self),
        }
    }

    /// A file as part of its program.
    pub fn program_file(&self, file: File) -> ProgramFile<'_> {
        self.program_of(file).program_file(self, file)
    }

    /// What is nearest to the home is searched first; all of these folders are search paths of the whole database already.
    fn settings_at(&self, home: usize) -> Option<ProgramSettings> {
        let folder = &self.homes.folders[home];
        let mut source_roots = self.homes.source_roots.clone();
        source_roots.sort_by_key(|root| std::cmp::Reverse(homes::nearness(root, folder)));
        let version = self.settings.python_version.version;
        settings(&self.system, &self.vendored, &source_roots, &self.homes.site_packages, version).ok()
    }
}

/// The databases that know their settings.
#[salsa::db]
trait Settings: ty_python_core::Db {
    fn settings(&self) -> &ProgramSettings;
}

#[salsa::db]
impl Settings for Db {
    fn settings(&self) -> &ProgramSettings {
        &self.settings
    }
}

/// The program of all files that have no home of their own. ty asks for it at every turn, and making one hashes all of its settings.
#[salsa::tracked(returns(copy))]
fn program(db: &dyn Settings) -> Program<'_> {
    Program::from_settings(db, db.settings())
}

fn settings(
    system: &SourceSystem,
    vendored: &VendoredFileSystem,
    source_roots: &[PathBuf],
    site_packages: &[PathBuf],
    version: PythonVersion,
) -> Result<ProgramSettings> {
    let search_paths = SearchPathSettings {
        src_roots: source_roots.iter().map(|path| system_path(path)).collect::<Result<_>>()?,
        site_packages_paths: site_packages.iter().map(|path| system_path(path)).collect::<Result<_>>()?,
        ..SearchPathSettings::empty()
    };
    Ok(ProgramSettings {
        python_version: PythonVersionWithSource { version, source: PythonVersionSource::default() },
        python_platform: PythonPlatform::default(),
        search_paths: search_paths.to_search_paths(system, vendored, &FallibleStrategy)?,
    })
}

/// A database that is kept from one analysis of a project to the next, with all that it knows of files that did not change.
#[derive(Default)]
pub struct Kept {
    asked: Asked,
    open: Option<(Place, Db)>,
}

/// What a database was opened over.
#[derive(PartialEq, Eq)]
struct Place {
    root: PathBuf,
    source_roots: Vec<PathBuf>,
    homes: Vec<PathBuf>,
    site_packages: Vec<PathBuf>,
    version: PythonVersion,
}

impl Kept {
    /// None yet; `asked` is what the databases are for that it opens. By default they are for types.
    pub fn new(asked: Asked) -> Self {
        Self { asked, open: None }
    }

    /// The kept database, brought up to date with the disk, when it was opened over the same folders; else a new one.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub fn open(&mut self, root: &Path, roots: Roots, version: PythonVersion) -> Result<&Db> {
        let place = Place {
            root: root.to_path_buf(),
            source_roots: roots.source_roots.to_vec(),
            homes: roots.homes.to_vec(),
            site_packages: roots.site_packages.to_vec(),
            version,
        };
        let db = match self.open.take() {
            Some((kept, mut db)) if kept == place => {
                Files::sync_all_recursive(&mut db, [system_path(root)?]);
                db
            }
            _ => Db::open(root, roots, version, self.asked)?,
        };
        Ok(&self.open.insert((place, db)).1)
    }

    /// The database that was opened last.
    pub fn db(&self) -> Option<&Db> {
        self.open.as_ref().map(|(_, db)| db)
    }
}

fn system_path(path: &Path) -> Result<SystemPathBuf> {
    SystemPathBuf::from_path_buf(path.to_path_buf())
        .ok()
        .with_context(|| format!("`{}` is not valid UTF-8; rename it or exclude it", path.display()))
}

#[salsa::db]
impl salsa::Database for Db {}

#[salsa::db]
impl ruff_db::Db for Db {
    fn vendored(&self) -> &VendoredFileSystem {
        &self.vendored
    }

    fn system(&self) -> &dyn System {
        &*self.system
    }

    fn files(&self) -> &Files {
        &self.files
    }
}

#[salsa::db]
impl ty_module_resolver::Db for Db {}

#[salsa::db]
impl ty_python_core::Db for Db {
    fn should_check_file(&self, file: File) -> bool {
        self.asked == Asked::Faults && !file.path(self).is_vendored_path()
    }
}

#[salsa::db]
impl ty_python_semantic::Db for Db {
    fn check_file(&self, _file: File) -> Vec<ruff_db::diagnostic::Diagnostic> {
        vec![]
    }

    fn program_file(&self, file: File) -> ProgramFile<'_> {
        Db::program_file(self, file)
    }

    fn python_version_with_source(&self, _file: File) -> &PythonVersionWithSource {
        &self.settings.python_version
    }

    fn rule_selection(&self, _file: File) -> &RuleSelection {
        &self.rules
    }

    fn lint_registry(&self) -> &LintRegistry {
        default_lint_registry()
    }

    fn analysis_settings(&self, _file: File) -> &AnalysisSettings {
        &self.analysis
    }

    fn verbose(&self) -> bool {
        false
    }

    fn is_open_file(&self, _file: File) -> bool {
        false
    }

    fn dyn_clone(&self) -> Box<dyn ty_python_semantic::Db> {
        Box::new(self.clone())
    }
}
