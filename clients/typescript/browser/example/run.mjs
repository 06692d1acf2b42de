/**
 * Runs the example page in Debian's Chromium, without a window: node run.mjs GATEWAY_URL PROTOCOL. Prints what it shows.
 * For a gateway over HTTPS, the file that EXAM_SESSIONS_CA names is a CA that this browser's user has added. With
 * EXAM_SESSIONS_PAGE_CERT and EXAM_SESSIONS_PAGE_KEY the page itself comes over HTTPS, too.
 */

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [gateway, protocol] = process.argv.slice(2);
const { EXAM_SESSIONS_CA: ca, EXAM_SESSIONS_PAGE_CERT: cert, EXAM_SESSIONS_PAGE_KEY: key } = process.env;
const home = mkdtempSync(join(tmpdir(), "chromium-"));
const files = {
  "/": ["text/html", readFileSync(new URL("index.html", import.meta.url), "utf8") + `<script>
    const told = setInterval(() => {
      if (!["done", "failed"].includes(document.title)) return;
      clearInterval(told);
      fetch("/ended", { method: "POST", body: document.title + "\\n" + document.querySelector("pre").textContent });
    }, 50);
  </script>`],
  "/page.js": ["text/javascript", readFileSync(new URL("../dist/page.js", import.meta.url))],
};

let browser;
async function answer(request, response) {
  const { pathname } = new URL(request.url, "http://localhost");
  if (pathname === "/ended") {
    let body = "";
    for await (const part of request) body += part;
    response.end();
    const [title, ...lines] = body.split("\n");
    process.stdout.write(lines.join("\n"));
    end(title === "done" ? 0 : 1);
    return;
  }
  const [type, content] = files[pathname] ?? [];
  response.writeHead(content ? 200 : 404, { "content-type": type ?? "text/plain" }).end(content);
}

const server = cert
  ? createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) }, answer)
  : createServer(answer);

/** Adds the CA where Chromium looks for those of its user. */
function trust() {
  const store = join(home, ".pki/nssdb");
  mkdirSync(store, { recursive: true });
  execFileSync("certutil", ["-N", "-d", `sql:${store}`, "--empty-password"]);
  execFileSync("certutil", ["-A", "-d", `sql:${store}`, "-n", "gateway", "-t", "C,,", "-i", ca]);
}

function end(code) {
  process.exitCode = code;
  server.closeAllConnections();
  server.close();
  browser.removeAllListeners("exit");
  browser.once("exit", () => remove(50));
  browser.kill("SIGKILL");
}

/** Removes the browser's files: its other processes write a moment longer, also into what was just found empty. */
function remove(tries) {
  try {
    rmSync(home, { recursive: true, force: true });
  } catch (error) {
    if (!tries) throw error;
    setTimeout(remove, 100, tries - 1);
  }
}

server.listen(0, "127.0.0.1", () => {
  const page = new URL(`${cert ? "https" : "http"}://127.0.0.1:${server.address().port}/`);
  page.search = new URLSearchParams({ gateway, protocol });
  const flags = ["--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", `--user-data-dir=${home}/profile`];
  // Chromium's sandbox does not work for root, as in containers.
  if (process.getuid() === 0) flags.push("--no-sandbox");
  if (ca) trust();
  browser = spawn(process.env.CHROMIUM ?? "chromium", [...flags, page.href], {
    env: { ...process.env, HOME: home },
    stdio: ["ignore", "ignore", "inherit"],
  });
  browser.once("exit", (code) => {
    console.error(`the browser ended with ${code}`);
    end(1);
  });
});
