"""buf.gen.yaml: buf generates from the exported files, with the plugins of this machine and no registry."""

from __future__ import annotations

import shutil
import subprocess

import pytest
import yaml

from documents import ROOT
from exam_sessions.contract.proto_tree import own_descriptors, proto_files

TEMPLATE = yaml.safe_load((ROOT / "buf.gen.yaml").read_text())
BUF = ROOT / ".venv/bin/buf"
PLUGINS = {
    "protoc-gen-es": ROOT / "clients/typescript/browser/node_modules/.bin/protoc-gen-es",
    "protoc-gen-go": ROOT / "clients/go/.tools/protoc-gen-go",
    "protoc-gen-go-grpc": ROOT / "clients/go/.tools/protoc-gen-go-grpc",
}
"""Where the clients' checks leave plugins, for want of one in PATH."""


def installed(plugin):
    """A plugin as it is on this machine, None where it is not."""
    if "protoc_builtin" in plugin:
        return plugin if shutil.which("protoc") else None
    name = plugin["local"]
    found = shutil.which(name) or (PLUGINS[name].exists() and str(PLUGINS[name]))
    return plugin | {"local": found} if found else None


@pytest.mark.skipif(not BUF.exists(), reason="buf is installed by scripts/check only")
def test_buf_generates_from_the_exported_files_without_its_registry(tmp_path):
    plugins = list(filter(None, map(installed, TEMPLATE["plugins"])))
    if not plugins:
        pytest.skip("no plugin is installed: Debian's protobuf-compiler has some")
    for name, text in proto_files().items():
        path = tmp_path / "protos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "buf.gen.yaml").write_text(yaml.safe_dump(TEMPLATE | {"plugins": plugins}))
    done = subprocess.run([BUF, "generate"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for plugin in plugins:
        written = [path for path in (tmp_path / plugin["out"]).rglob("*") if path.is_file()]
        stems = {file.name.rpartition("/")[2].removesuffix(".proto") for file in own_descriptors()}
        named = " ".join(path.name for path in written).lower()
        kind = plugin.get("protoc_builtin") or plugin["local"]
        if "grpc" not in kind:
            left_out = [stem for stem in stems if stem not in named and stem.replace("_", "") not in named]
            assert not left_out, plugin
        assert written, plugin


def test_buf_is_told_where_what_the_protos_import_comes_from():
    roots = {
        line.split('"')[1].split("/")[0]
        for path in (ROOT / "protos").rglob("*.proto")
        for line in path.read_text().splitlines()
        if line.startswith("import ")
    }
    assert roots == {"buf", "exam_sessions", "google"}
    modules = yaml.safe_load((ROOT / "buf.yaml").read_text())["deps"]
    assert [module.rpartition("/")[2] for module in modules] == ["protovalidate", "googleapis"]
