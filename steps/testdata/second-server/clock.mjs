// X-Date: what is one, and how far from the clock it may be.

// The clock of a server need not be right: the suite has to find out.
export class Clock {
  constructor(offsetMs) {
    this.offsetMs = offsetMs;
  }

  now() {
    return Date.now() + this.offsetMs;
  }

  httpDate() {
    return new Date(this.now()).toUTCString();
  }
}

const utcSeconds = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

// parseDate reads an X-Date in milliseconds since 1970; null where it is none.
// AMB-16 decides on the offset, AMB-17 on the fraction.
export function parseDate(text, set) {
  const parts = utcSeconds.exec(text);
  if (!parts) {
    return null;
  }
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
  const [, , , , , , , fraction, zone] = parts;
  if (fraction && !set.is('AMB-17', 'rfc3339')) {
    return null;
  }
  if (zone !== 'Z' && !set.is('AMB-16', 'rfc3339')) {
    return null;
  }
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(at);
  // Date.UTC takes the 31st of February for the 3rd of March. A leap second is not
  // taken: no clock of ours can be in one.
  if (back.getUTCMonth() !== month - 1 || back.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
    return null;
  }
  let ms = at + Math.floor(Number(fraction ?? 0) * 1000);
  if (zone !== 'Z') {
    const [hours, minutes] = zone.slice(1).split(':').map(Number);
    if (hours > 23 || minutes > 59) {
      return null;
    }
    ms -= (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
  }
  return ms;
}

// isInTime says whether a date is near enough to the clock. The documents block what
// differs by more than 5 seconds and leave open how the clock is rounded (AMB-14):
// whatever a server does there, 4 seconds pass and 6 do not.
export function isInTime(dateMs, nowMs, set, windowSeconds) {
  const now = {
    exact: nowMs,
    floor: Math.floor(nowMs / 1000) * 1000,
    nearest: Math.round(nowMs / 1000) * 1000,
  }[set.manners.clock];
  const difference = Math.abs(now - dateMs);
  if (set.is('AMB-14', 'strict')) {
    return difference < windowSeconds * 1000;
  }
  return difference <= windowSeconds * 1000;
}
