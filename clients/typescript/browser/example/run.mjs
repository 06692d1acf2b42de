/** Runs the example page in Debian's Chromium, without a window: node run.mjs GATEWAY_URL PROTOCOL. Prints what it shows. */

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [gateway, protocol] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), "chromium-"));
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
const server = createServer(async (request, response) => {
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
});

function end(code) {
  process.exitCode = code;
  server.closeAllConnections();
  server.close();
  browser.removeAllListeners("exit");
  browser.once("exit", () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
  browser.kill("SIGKILL");
}

server.listen(0, "127.0.0.1", () => {
  const page = new URL(`http://127.0.0.1:${server.address().port}/`);
  page.search = new URLSearchParams({ gateway, protocol });
  const flags = ["--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", `--user-data-dir=${profile}`];
  // Chromium's sandbox does not work for root, as in containers.
  if (process.getuid() === 0) flags.push("--no-sandbox");
  browser = spawn(process.env.CHROMIUM ?? "chromium", [...flags, page.href], { stdio: ["ignore", "ignore", "inherit"] });
  browser.once("exit", (code) => {
    console.error(`the browser ended with ${code}`);
    end(1);
  });
});
