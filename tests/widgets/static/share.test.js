import { isLocal, modules, Share } from "../../../widgets/static/share.js";
import { equal, holds, test } from "./harness.js";

test("a QR code is drawn with one bar for each run of dark modules", () => {
  equal(modules(["1101", "0000", "0010"]), "M0 0h2v1h-2zM3 0h1v1h-1zM2 2h1v1h-1z");
});

test("a link of this computer is told apart from one that others can open", () => {
  equal(["http://localhost:8866/?a", "http://127.0.0.1/", "https://lab.example/", "Explorer('x')"].map(isLocal), [
    true,
    true,
    false,
    false,
  ]);
});

test("the sheet shows the link, its own code only, and goes when it is closed", () => {
  const share = new Share(document.body, "https://lab.example/?settings=x"), { field, code, sheet } = share;
  equal([field.value, field.readOnly, sheet.open], ["https://lab.example/?settings=x", true, true]);
  share.show("https://lab.example/?settings=another", ["1"]);
  equal(code.childElementCount, 0);
  share.show("https://lab.example/?settings=x", ["10", "01"]);
  equal(code.querySelector("svg")?.getAttribute("viewBox"), "-4 -4 10 10");
  const gone = new Promise((done) => sheet.addEventListener("close", done));
  sheet.close();
  return gone.then(() => holds(!sheet.isConnected, "it is still there"));
});
