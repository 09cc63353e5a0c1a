const ID = 'seqera-announcements';

/**
 * Says something to who hears the page and does not see it. The place for it stays in the page: what comes and goes with
 * its text, as a list of suggestions does, is not read out.
 */
export function announce(text: string): void {
  region().textContent = text;
}

/** Makes the place, so that it is known before something is said there. */
export function region(): HTMLElement {
  const known = document.getElementById(ID);
  if (known) return known;
  const place = document.createElement('div');
  place.id = ID;
  place.className = 'seqera-unseen';
  place.setAttribute('role', 'status');
  document.body.append(place);
  return place;
}
