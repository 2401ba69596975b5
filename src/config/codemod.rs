//! TOML wire types of config and codemod files.
