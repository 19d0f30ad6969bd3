"use strict";
// All text of the data reaches the page by textContent alone.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const rows = data.rows;
  const $ = (id) => document.getElementById(id);
  const make = (tag, css, text) => {
    const node = document.createElement(tag);
    if (css) node.className = css;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const number = (value) => value.toLocaleString("en");
  const percent = (share) => (100 * share).toFixed(1) + " %";
  const short = (weight) => String(Number(weight.toPrecision(4)));

  // The thresholds are those of the legend: [css, above or at, below].
  const css = (weight) => data.steps.find(([, low, high]) => weight >= low && weight < high)[0];

  const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\uFE00-\uFE0F\u{E0100}-\u{E01EF}\u115F\u1160\u3164]|(?! )\p{Zs}/gu;
  const SHOWN = { "\n": "⏎\n", "\t": "⇥\t", "\r": "␍" };
  const code = (c) => "<U+" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + ">";
  const visible = (text) => text.replace(UNSEEN, (c) => SHOWN[c] ?? code(c));

  const runsOf = (row) => row.runs.map(([count, kind, message, weight, flags, why]) => ({
    count, kind: data.kinds[kind], message, weight, why: data.whys[why],
    mark: Boolean(flags & 1), over: Boolean(flags & 2), cut: Boolean(flags & 4),
  }));

  // The runs of a row as tokens: {start, end, run}, in UTF-16 units of its text.
  const tokensOf = (row) => {
    const out = [];
    let end = 0, at = 0;
    for (const run of runsOf(row)) {
      for (let i = 0; i < run.count; i++, at++) {
        const start = row.starts[at] ?? end;
        end += row.ends[at];
        out.push({ at, start, end, run });
      }
    }
    return out;
  };

  const stats = rows.map((row) => {
    const sum = { tokens: 0, trained: 0, total: 0, over: 0 };
    for (const run of row.runs ? runsOf(row) : []) {
      sum.tokens += run.count;
      if (run.weight > 0) sum.trained += run.count;
      sum.total += run.count * run.weight;
      if (run.over) sum.over += run.count;
    }
    sum.share = sum.tokens ? sum.trained / sum.tokens : 0;
    return sum;
  });

  let current = -1, tokens = [], spans = [], cursor = -1;

  const hex = (row, token) => row.parts[token.at]?.[0] ??
    Array.from(new TextEncoder().encode(row.text.slice(token.start, token.end)),
      (byte) => byte.toString(16).padStart(2, "0")).join(" ");

  const textOf = (row, token) => row.parts[token.at]?.[1] ?? row.text.slice(token.start, token.end);

  // Places of spaces that end a line or a block, or begin a block: they are shown as dots.
  const edgeSpaces = (text) => {
    const found = new Set();
    for (const match of text.matchAll(/^ +| +(?=\n|$)/g)) {
      for (let i = 0; i < match[0].length; i++) found.add(match.index + i);
    }
    return found;
  };

  const FOLD_TOKENS = 120;
  const unfold = (block) => {
    block.classList.remove("folded");
    block.querySelector(".fold")?.remove();
  };

  const drawBlock = (row, own) => {
    const first = own[0], run = first.run;
    const weights = [...new Set(own.map((token) => token.run.weight))];
    const block = make("div", "block");
    if (weights.some((weight) => weight > 0)) block.classList.add("trained");
    const gutter = make("div", "gutter");
    gutter.append(make("b", "", run.kind.replaceAll("_", " ") || "tokens"));
    if (run.message >= 0) gutter.append(make("span", "", `#${run.message} ${row.roles[run.message]}`));
    const trained = weights.filter((weight) => weight > 0).map((weight) => "×" + short(weight));
    gutter.append(make("div", "", trained.length ? "trained " + trained.join(" ") : "not trained"));
    const words = make("div", "words");
    const text = row.text.slice(first.start, own[own.length - 1].end);
    const dots = edgeSpaces(text);
    let before = null;
    for (const token of own) {
      if (weights.length > 1 && token.run.weight !== before) {
        words.append(make("span", "chip", "×" + short(token.run.weight)));
      }
      before = token.run.weight;
      let shown = textOf(row, token);
      if (dots.size && shown.includes(" ") && !row.parts[token.at]) {
        const base = token.start - first.start;
        shown = Array.from(shown, (c, i) => c === " " && dots.has(base + i) ? "·" : c).join("");
      }
      const span = make("span", "t " + css(token.run.weight), visible(shown));
      if (token.run.over) span.classList.add("over");
      if (token.run.cut) span.classList.add("cut");
      span.dataset.at = token.at;
      spans[token.at] = span;
      words.append(span);
    }
    if (own.length > FOLD_TOKENS && !trained.length) {
      const fold = make("button", "fold", `show all ${number(own.length)} tokens`);
      fold.type = "button";
      block.classList.add("folded");
      gutter.append(fold);
    }
    block.append(gutter, words);
    return block;
  };

  const drawHead = (row, sum) => {
    const head = make("div");
    head.append(make("h2", "", `row ${row.n}  ${row.id}`));
    head.append(make("p", "where", row.source + (row.line ? `, line ${row.line}` : "")));
    if (row.fault) {
      head.append(make("p", "fault", `not compiled: ${row.fault.code} – ${row.fault.message}` +
        (row.fault.pointer ? ` (at ${row.fault.pointer})` : "")));
    } else {
      head.append(make("p", "where", `${number(sum.tokens)} tokens, ${number(sum.trained)} trained ` +
        `(${percent(sum.share)}), weights add up to ${number(Number(sum.total.toPrecision(7)))}, ` +
        `${number(sum.over)} over several weights`));
    }
    for (const note of row.notes ?? []) head.append(make("p", "where", "note: " + note));
    $("head").replaceChildren(...head.childNodes);
  };

  const select = (index, focus) => {
    if (index < 0 || index >= rows.length) return;
    current = index;
    cursor = -1;
    hideTip();
    const row = rows[index];
    for (const button of $("rows").querySelectorAll("button")) {
      const own = Number(button.dataset.index) === index;
      if (own) button.setAttribute("aria-current", "true"); else button.removeAttribute("aria-current");
      if (own) button.scrollIntoView({ block: "nearest" });
      if (own && focus) button.focus();
    }
    drawHead(row, stats[index]);
    spans = [];
    tokens = row.runs ? tokensOf(row) : [];
    const blocks = [];
    for (let start = 0; start < tokens.length;) {
      const run = tokens[start].run;
      let end = start;
      while (end < tokens.length && tokens[end].run.kind === run.kind &&
             tokens[end].run.message === run.message) end++;
      blocks.push(drawBlock(row, tokens.slice(start, end)));
      start = end;
    }
    $("prompt").replaceChildren(...blocks);
    $("raw").textContent = row.raw ?? "not there: the source is gone, or the page would be too large";
    if (!matchMedia("(max-width: 760px)").matches) $("main").scrollTop = 0;
    try { history.replaceState(null, "", "#" + row.n); } catch { /* some file: pages may not */ }
  };

  const hideTip = () => {
    $("tip").hidden = true;
    spans[cursor]?.classList.remove("on");
  };

  const showTip = (at) => {
    const row = rows[current], token = tokens[at], run = token.run;
    spans[cursor]?.classList.remove("on");
    cursor = at;
    spans[at].classList.add("on");
    const list = make("dl");
    const add = (name, value, mono) => {
      list.append(make("dt", "", name), make("dd", mono ? "mono" : "", value));
    };
    add("weight", short(run.weight) + (run.over ? " (over several weights)" : ""));
    add("why", run.why || "not known without the source");
    add("token", `${at} of ${tokens.length}, id ${row.ids[at]}`);
    add("text", row.parts[at] ? "part of " + JSON.stringify(row.text.slice(token.start, token.end))
      : JSON.stringify(row.text.slice(token.start, token.end)), true);
    add("bytes", hex(row, token), true);
    if (run.kind) add("kind", run.kind + (run.mark ? " (a mark of the template)" : ""));
    if (run.kind) add("message", run.message >= 0 ? `#${run.message} ${row.roles[run.message]}` : "none");
    const tip = $("tip");
    tip.replaceChildren(list);
    tip.hidden = false;
    const box = spans[at].getClientRects()[0] ?? spans[at].getBoundingClientRect();
    const own = tip.getBoundingClientRect();
    const left = Math.max(8, Math.min(box.left, innerWidth - own.width - 8));
    const below = box.bottom + 8 + own.height <= innerHeight;
    tip.style.left = left + "px";
    tip.style.top = Math.max(8, below ? box.bottom + 8 : box.top - own.height - 8) + "px";
  };

  const moveTo = (at) => {
    if (at < 0 || at >= tokens.length) return;
    unfold(spans[at].closest(".block"));
    spans[at].scrollIntoView({ block: "nearest" });
    showTip(at);
  };

  const nextWeight = () => {
    const from = Math.max(cursor, 0), weight = tokens[from]?.run.weight;
    const at = tokens.findIndex((token) => token.at > from && token.run.weight !== weight);
    if (at >= 0) moveTo(at);
  };

  const listed = () => Array.from($("rows").querySelectorAll("button"), (b) => Number(b.dataset.index));

  const step = (by) => {
    const all = listed();
    const place = all.indexOf(current);
    const next = all[Math.max(0, Math.min(all.length - 1, place + by))];
    if (next !== undefined && next !== current) select(next);
  };

  const matches = (row, index, words, only) => {
    const sum = stats[index];
    if (only === "straddle" && !sum.over) return false;
    if (only === "little" && (row.fault || sum.share >= 0.1)) return false;
    if (only === "none" && !row.fault) return false;
    const text = `${row.n} ${row.id} ${row.source} ${row.text ?? ""} ${row.fault?.code ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };

  const drawRows = () => {
    const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const items = [];
    rows.forEach((row, index) => {
      if (!matches(row, index, words, $("only").value)) return;
      const item = make("li"), button = make("button");
      button.type = "button";
      button.dataset.index = index;
      button.title = row.id;
      button.append(make("span", "n", row.n), make("span", "id", row.id || "(no id)"));
      if (row.fault) {
        button.append(make("span", "bad", row.fault.code));
      } else {
        button.append(make("span", "share", percent(stats[index].share)));
        const bar = make("span", "bar"), part = make("i");
        part.style.width = 100 * stats[index].share + "%";
        bar.append(part);
        button.append(bar);
      }
      if (index === current) button.setAttribute("aria-current", "true");
      item.append(button);
      items.push(item);
    });
    $("rows").replaceChildren(...items);
    $("count").textContent = `${items.length} of ${rows.length} rows; share of tokens trained`;
    const all = listed();
    if (all.length && !all.includes(current)) select(all[0]);
  };

  $("rows").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) select(Number(button.dataset.index));
  });
  $("filter").addEventListener("input", drawRows);
  $("only").addEventListener("change", drawRows);
  $("prompt").addEventListener("pointerover", (event) => {
    const span = event.target.closest(".t");
    if (span) showTip(Number(span.dataset.at));
  });
  $("prompt").addEventListener("pointerleave", hideTip);
  $("prompt").addEventListener("click", (event) => {
    if (event.target.matches(".fold")) unfold(event.target.closest(".block"));
    const span = event.target.closest(".t");
    if (span) showTip(Number(span.dataset.at));
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "Escape") {
      hideTip();
      if (typing) event.target.blur();
      return;
    }
    if (typing) return;
    const act = {
      j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
      ArrowRight: () => moveTo(cursor + 1), ArrowLeft: () => moveTo(cursor - 1),
      n: nextWeight, "/": () => $("filter").focus(),
    }[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });

  if (matchMedia("(max-width: 1100px)").matches) $("rawbox").open = false;
  const selectAsked = () => {
    const asked = rows.findIndex((row) => "#" + row.n === location.hash);
    if (asked >= 0 && asked !== current) select(asked);
  };
  addEventListener("hashchange", selectAsked);
  selectAsked();
  drawRows();
  $("rows").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
})();
