// Runs in DevTools, and does what their menus do. DevTools are written in modules; imported
// again they are the same.
const bundled = "devtools://devtools/bundled/";

// watching waits until DevTools record what the page sends.
async function watching() {
  const { TargetManager } = (await import(bundled + "core/sdk/sdk.js")).TargetManager;
  for (;;) {
    const target = TargetManager.instance().primaryPageTarget();
    // It is answered after Network.enable, which was sent when the target was found.
    if (target) return void await target.networkAgent().invoke_getRequestPostData({ requestId: "none" });
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

// saved is what "Export HAR (with sensitive data)" of the network panel saves.
async function saved() {
  const { NetworkLog } = (await import(bundled + "models/logs/logs.js")).NetworkLog;
  const { Writer } = (await import(bundled + "models/har/har.js")).Writer;
  const { Progress } = (await import(bundled + "core/common/common.js")).Progress;
  const requests = () => NetworkLog.instance().requests();
  while (requests().some(request => !request.finished)) await new Promise(resolve => setTimeout(resolve, 10));
  let text = "";
  await Writer.write({ write: async part => { text += part; } }, requests(), { sanitize: false }, new Progress());
  return text;
}
