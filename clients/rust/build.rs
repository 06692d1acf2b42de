//! Generates messages and stubs from the protos in `protos`, or where EXAM_SESSIONS_PROTOS says.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let protos = PathBuf::from(env::var("EXAM_SESSIONS_PROTOS").unwrap_or("protos".into()));
    println!("cargo::rerun-if-env-changed=EXAM_SESSIONS_PROTOS");
    println!("cargo::rerun-if-changed={}", protos.display());
    let own = fs::read_dir(protos.join("exam_sessions/v1"))?.map(|entry| entry.map(|entry| entry.path()));
    let mut files = own.collect::<Result<Vec<_>, _>>()?;
    files.push(protos.join("grpc_health/v1/health.proto"));
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure()
        .build_server(false)
        .emit_rerun_if_changed(false)
        .extern_path(".google.rpc", "::tonic_types::pb")
        .include_file("protos.rs")
        .compile_with_config(config, &files, &[protos])?;
    Ok(())
}
