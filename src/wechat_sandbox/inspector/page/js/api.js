// The control API.

async function ask(path, options) {
  const response = await fetch(`/_sandbox${path}`, options);
  if (response.status === 204) return null;
  const data = await response.json();
  if (!response.ok) throw new Error(data.message ?? response.statusText);
  return data;
}

export const exchanges = () => ask('/exchanges?limit=1000');
export const search = (text) => ask(`/exchanges?limit=1000&text=${encodeURIComponent(text)}`);
export const exchange = (id) => ask(`/exchanges/${id}`);
export const replay = (id) => ask(`/exchanges/${id}/replay`, { method: 'POST' });
export const forget = () => ask('/exchanges', { method: 'DELETE' });
export const faults = () => ask('/faults');
export const endFaults = () => ask('/faults', { method: 'DELETE' });
const send = (path, body) => ask(path, {
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
});
export const addFault = (fault) => send('/faults', fault);
export const endFault = (id) => ask(`/faults/${id}`, { method: 'DELETE' });
export const clock = () => ask('/clock');
export const moveClock = (how) => send('/clock', how);

export function listen(onLines, onState) {
  const source = new EventSource('/_sandbox/exchange-events');
  source.addEventListener('hello', () => onState(true));
  source.addEventListener('exchanges', (event) => onLines(JSON.parse(event.data).items));
  source.onerror = () => onState(false);
}
