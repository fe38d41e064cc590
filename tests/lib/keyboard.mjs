// Walking a page by keyboard alone: only Tab, Shift+Tab, Enter, Space, arrows and typing.

/** What has the focus: its tag, type, autocomplete token, text. */
export function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return {
      tag: element.tagName.toLowerCase(),
      type: element.getAttribute('type'),
      autocomplete: element.getAttribute('autocomplete') ?? '',
      text: (element.innerText || element.value || '').trim(),
      outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0,
      shadowed: style.boxShadow !== 'none',
      visible: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
    };
  });
}

/**
 * Press Tab until `wanted(focused)` holds. Each stop on the way must be visible and show its focus.
 */
export async function tabTo(page, wanted, { most = 40 } = {}) {
  const seen = [];
  for (let pressed = 0; pressed <= most; pressed += 1) {
    const stop = await focused(page);
    if (stop) {
      if (pressed > 0) checkStop(stop);
      if (wanted(stop)) return stop;
      seen.push(`${stop.tag}[${stop.type ?? ''}] ${stop.text}`);
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`not reached by Tab; stops: ${seen.join(' | ')}`);
}

function checkStop(stop) {
  if (!stop.visible) throw new Error(`focus on something that is not visible: ${JSON.stringify(stop)}`);
  if (!stop.outlined && !stop.shadowed) {
    throw new Error(`focus does not show: ${JSON.stringify(stop)}`);
  }
}
