/* The live part of the dashboard. Without it the page is complete, but stands still. */
'use strict';
(() => {
	const uri = document.body.dataset.uri;
	let rev = document.body.dataset.rev;
	const $ = id => document.getElementById(id);
	const el = (tag, props = {}, ...kids) => {
		const e = Object.assign(document.createElement(tag), props);
		e.append(...kids);
		return e;
	};
	const svg = (tag, attrs) => {
		const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
		for (const k in attrs)
			e.setAttribute(k, attrs[k]);
		return e;
	};

	/* ---- what the server sends each second ---- */
	const parse = html => new DOMParser().parseFromString(html, 'text/html');

	function fill(node, html) {
		if (node && node.dataset.html !== html) {
			node.dataset.html = html;
			node.replaceChildren(...parse(html).body.childNodes);
		}
	}

	/* Replace the cells that changed; the first one, with name and box, stays. */
	function setRow(tr, html) {
		const cells = parse('<table><tr>' + html + '</tr></table>').querySelector('tr').children;
		const fresh = [...cells];
		fresh.forEach((td, i) => {
			const old = tr.children[i + 1];
			if (!old)
				tr.append(td);
			else if (old.outerHTML !== td.outerHTML)
				old.replaceWith(td);
		});
	}

	/* Rows came or went: take the tables of the new page. */
	let isLoading = false;
	async function reloadTables() {
		if (isLoading)
			return;
		isLoading = true;
		try {
			const doc = parse(await (await fetch(location.pathname + location.search)).text());
			const boxes = [...document.querySelectorAll('input[name=s]:checked')].map(b => b.closest('tr').id);
			$('tables').replaceWith(doc.getElementById('tables'));
			boxes.forEach(id => { const b = $(id)?.querySelector('input[name=s]'); if (b) b.checked = true; });
			rev = doc.body.dataset.rev;
			bindForms();
			filter();
			drawHistory();
		} finally {
			isLoading = false;
		}
	}

	function take(data) {
		fill($('sum'), data.sum);
		fill($('pair'), data.pair);
		if (data.rev !== rev) {
			reloadTables();
			return;
		}
		for (const id in data.rows) {
			const tr = $('r' + id);
			if (tr)
				setRow(tr, data.rows[id]);
		}
		filter();
	}

	const live = $('live');
	const source = new EventSource(uri + ';live');
	source.onopen = () => { live.textContent = 'live'; live.className = 'ok'; };
	source.onerror = () => { live.textContent = 'not live: trying to connect again'; live.className = 'bad'; };
	source.onmessage = e => take(JSON.parse(e.data));

	/* ---- charts ---- */
	function line(values, max, cls) {
		const n = values.length;
		if (!n)
			return svg('path', { class: cls });
		const step = 360 / Math.max(n - 1, 1);
		const d = values.map((v, i) => (i ? 'L' : 'M') + (n === 1 ? 360 : i * step).toFixed(1) + ' ' +
			(40 - 38 * (max ? v / max : 0)).toFixed(1)).join('');
		return svg('path', { class: cls, d });
	}

	const short = v => v >= 1e6 ? (v / 1e6).toFixed(1) + 'M' : v >= 1e4 ? (v / 1e3).toFixed(0) + 'k'
		: v >= 100 || v === 0 ? v.toFixed(0) : v >= 10 ? v.toFixed(1) : v.toFixed(2);

	function chart(title, series) {
		const max = Math.max(0, ...series.flatMap(s => s.values));
		const s = svg('svg', { viewBox: '0 0 360 40', preserveAspectRatio: 'none', role: 'img' });
		const last = series.map(x => x.name + ' ' + short(x.values.at(-1) ?? 0)).join(', ');
		s.append(svg('title', {}));
		s.firstChild.textContent = title + ', last hour: ' + last + ', highest ' + short(max);
		series.forEach(x => s.append(line(x.values, max, x.cls)));
		return el('figure', { className: 'chart' },
			el('figcaption', { textContent: `${title}: ${last}; highest ${short(max)}` }), s);
	}

	/* One rectangle for each run of a state. */
	function strip(states) {
		const s = svg('svg', { viewBox: '0 0 360 5', preserveAspectRatio: 'none', class: 'strip', role: 'img' });
		const names = { u: 'up', d: 'down', w: 'between', m: 'maintenance', i: 'not checked' };
		const offset = 360 - states.length;
		for (let i = 0, k; i < states.length; i = k) {
			for (k = i; k < states.length && states[k] === states[i];)
				k++;
			if (names[states[i]])
				s.append(svg('rect', { x: offset + i, width: k - i, height: 5, class: states[i] }));
		}
		s.append(svg('title', {}));
		s.lastChild.textContent = 'last hour: ' + [...new Set(states)].map(c => names[c]).filter(Boolean).join(', ');
		return s;
	}

	async function drawHistory() {
		let h;
		try {
			h = await (await fetch(uri + ';history')).json();
		} catch {
			return; /* the next time */
		}
		for (const px of document.querySelectorAll('.px')) {
			const p = h.proxies[px.dataset.iid], box = px.querySelector('.charts');
			if (!p || !box || px.previousElementSibling?.dataset.iid === px.dataset.iid)
				continue;
			const all = [
				chart('Requests/s', [{ name: 'now', values: p.requests, cls: 'a' }]),
				chart('Errors/s', [{ name: 'now', values: p.errors, cls: 'e' }]),
			];
			if (p.p50_ms)
				all.push(chart('Latency, ms', [
					{ name: 'p50', values: p.p50_ms, cls: 'p' }, { name: 'p99', values: p.p99_ms, cls: 'q' }]));
			box.replaceChildren(...all);
		}
		for (const id in h.servers) {
			const name = $('r' + id)?.children[0];
			if (!name)
				continue;
			name.querySelector('.strip')?.remove();
			name.append(strip(h.servers[id]));
		}
	}
	drawHistory();
	setInterval(drawHistory, 10000);

	/* ---- filter, theme, actions ---- */
	const find = el('input', { className: 'find', type: 'search', placeholder: 'Find a server', ariaLabel: 'Find a server' });
	const trouble = el('input', { type: 'checkbox', id: 'trouble' });
	function filter() {
		const word = find.value.toLowerCase();
		for (const tr of document.querySelectorAll('#tables tbody tr:not(.sum)')) {
			const name = tr.children[0].textContent.toLowerCase();
			const isGood = tr.querySelector('.s.up, .s.idle');
			tr.hidden = !name.includes(word) || (trouble.checked && isGood);
		}
	}
	find.addEventListener('input', filter);
	trouble.addEventListener('change', filter);

	const theme = el('button', { type: 'button', textContent: 'Light / dark' });
	const setTheme = t => { if (t) document.documentElement.dataset.theme = t; };
	try { setTheme(localStorage.getItem('theme')); } catch { /* no storage: as the system says */ }
	theme.addEventListener('click', () => {
		const isDark = document.documentElement.dataset.theme
			? document.documentElement.dataset.theme === 'dark'
			: matchMedia('(prefers-color-scheme: dark)').matches;
		setTheme(isDark ? 'light' : 'dark');
		try { localStorage.setItem('theme', isDark ? 'light' : 'dark'); } catch { /* for this page only */ }
	});
	document.querySelector('nav').prepend(find, el('label', {}, trouble, ' only trouble'), theme);

	function bindForms() {
		for (const form of document.querySelectorAll('form')) {
			form.addEventListener('submit', async e => {
				e.preventDefault();
				const body = new URLSearchParams(new FormData(form));
				if (e.submitter)
					body.set('action', e.submitter.value);
				const answer = await fetch(form.getAttribute('action'), { method: 'POST', body });
				const said = parse(await answer.text()).getElementById('say');
				$('say').className = said ? said.className : 'alarm';
				$('say').textContent = said ? said.textContent : 'The action failed: ' + answer.status;
				form.querySelectorAll('input[name=s]').forEach(b => { b.checked = false; });
			});
		}
	}
	bindForms();
})();
