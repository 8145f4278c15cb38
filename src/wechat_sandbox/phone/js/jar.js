// All framed pages of one window share one jar of cookies, also with `credentialless` (the browser keeps one per
// top-level page). So only one phone of a desk has web pages at a time: when another opens one, the jar is emptied
// and the pages of the first wait until they are tapped. Mini programs keep tokens of their own and need not wait.

/** Whether frames have a jar apart from the browser's own, so that emptying it touches nothing else. */
export const apart = "credentialless" in HTMLIFrameElement.prototype;

const desk = (() => {
  try {
    return (window.top.phoneJar ??= { owner: null, others: new Set() });
  } catch {
    return { owner: null, others: new Set() }; // framed by a stranger's page
  }
})();

/** Takes the jar for a shopper; true when it has to be emptied first. */
export function claim(shopperId) {
  const fresh = desk.owner !== null && desk.owner !== shopperId;
  desk.owner = shopperId;
  for (const hear of [...desk.others]) hear(shopperId);
  return fresh && apart;
}

/** Calls back with the shopper whenever one takes the jar; answers what stops it. */
export function onClaim(hear) {
  desk.others.add(hear);
  return () => desk.others.delete(hear);
}
