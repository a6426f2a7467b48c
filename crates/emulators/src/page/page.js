"use strict";

const FOLDER = "Zoho CRM Contacts";
const ROWS = 40;
// Counters that the design wants at zero; others only tell how much was done.
const MUST_BE_ZERO = new Set([
  "mails_sent", "notifications_sent", "duplicates", "duplicate_markers", "writes_outside_marked_folder",
  "writes_outside_owners", "attendees_written", "unknown_fields_ignored", "owner_changes_by_api",
  "automation_runs", "cadences_run", "assignment_rules_run", "permanent_deletes", "creates_without_owner",
  "unimplemented_calls", "updates_without_if_match", "updates_without_precondition", "noop_updates",
  "updates_without_change", "invitations_while_pending",
]);

const byId = (id) => document.getElementById(id);
const lower = (text) => (text || "").toLowerCase();

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  if (className) element.className = className;
  return element;
}

async function load(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(path + " " + answer.status);
  return answer.json();
}

function signal(id, title, note, mood) {
  const place = byId(id);
  place.className = "signal " + mood;
  place.querySelector("b").textContent = title;
  place.querySelector("span").textContent = note;
}

const plural = (n, one, many) => n + " " + (n === 1 ? one : many || one + "s");

// ---- people: each mailbox beside the CRM user whose records it holds

function crmUsers(zoho) {
  return (zoho.organisations || []).flatMap((organisation) =>
    (organisation.users || []).map((user) => ({
      organisation: organisation.company_name,
      email: user.email,
      name: user.name,
      contacts: (organisation.contacts || []).filter((contact) => contact.Owner && contact.Owner.id === user.id),
    })));
}

function mailboxes(graph) {
  return (graph.tenants || []).flatMap((tenant) => (tenant.users || []).map((user) => {
    const folders = (user.folders || []).filter((folder) => !folder.trashed);
    const folder = folders.find((each) => each.marker) || folders.find((each) => each.displayName === FOLDER);
    return { user, folder, contacts: folder ? folder.contacts || [] : [] };
  }));
}

/** Pairs by what the markers say, so that linked accounts with different addresses stand together; else by address. */
function people(graph, zoho) {
  const owners = crmUsers(zoho);
  const ownerOf = new Map();
  for (const owner of owners) for (const contact of owner.contacts) ownerOf.set(contact.id, owner);
  const taken = new Set();
  const rows = mailboxes(graph).map((mailbox) => {
    const marked = mailbox.contacts.map((contact) => ownerOf.get(crmId(contact))).find((owner) => owner);
    const addresses = [lower(mailbox.user.mail), lower(mailbox.user.userPrincipalName)];
    const owner = marked || owners.find((each) => each.email && addresses.includes(lower(each.email)));
    if (owner) taken.add(owner);
    return { mailbox, owner };
  });
  const alone = owners.filter((owner) => !taken.has(owner) && owner.contacts.length).map((owner) => ({ owner }));
  const shown = (row) => row.owner || (row.mailbox && row.mailbox.folder);
  return rows.filter(shown).concat(alone);
}

/** A marker holds the CRM id of its record: the longest run of digits in it. */
function crmId(contact) {
  const runs = (contact.marker || "").match(/\d{6,}/g) || [];
  return runs.sort((left, right) => right.length - left.length)[0];
}

function pairs(row) {
  const left = row.mailbox ? row.mailbox.contacts : [];
  const right = new Map((row.owner ? row.owner.contacts : []).map((contact) => [contact.id, contact]));
  const byMail = new Map();
  for (const contact of right.values()) if (contact.Email) byMail.set(lower(contact.Email), contact);
  const found = left.map((office) => {
    const mail = (office.emailAddresses || []).map((each) => lower(each.address)).find((each) => byMail.has(each));
    const marked = right.get(crmId(office));
    const crm = marked || (mail ? byMail.get(mail) : undefined);
    if (crm) {
      right.delete(crm.id);
      byMail.delete(lower(crm.Email));
    }
    return { office, crm };
  });
  return found.concat([...right.values()].map((crm) => ({ crm })))
    .sort((one, two) => title(one).localeCompare(title(two)));
}

const officeName = (contact) => contact.displayName || [contact.givenName, contact.surname].filter(Boolean).join(" ") || "(no name)";
const crmName = (contact) => contact.Full_Name || [contact.First_Name, contact.Last_Name].filter(Boolean).join(" ") || "(no name)";
const title = (pair) => (pair.crm ? crmName(pair.crm) : officeName(pair.office));

function officeLines(contact) {
  const mails = (contact.emailAddresses || []).map((each) => each.address);
  const phones = [...(contact.businessPhones || []), contact.mobilePhone];
  return [[contact.jobTitle, contact.companyName].filter(Boolean).join(", "), [...mails, ...phones].filter(Boolean).join(" · ")];
}

function crmLines(contact) {
  const account = contact.Account_Name && contact.Account_Name.name;
  return [[contact.Title, account].filter(Boolean).join(", "), [contact.Email, contact.Phone, contact.Mobile].filter(Boolean).join(" · ")];
}

const known = new Map();
let first = true;

/** One side of a pair; lights up when it is new or has changed. */
function cell(key, name, lines, absent) {
  if (name === null) return make("td", absent, "hole");
  const element = make("td");
  element.append(make("b", name));
  for (const line of lines) if (line) element.append(make("span", line));
  const text = element.textContent;
  if (!first && known.get(key) !== text) element.className = "fresh";
  known.set(key, text);
  return element;
}

function personCard(row) {
  const user = row.mailbox && row.mailbox.user;
  const card = make("article", null, "person");
  const heading = make("h2", user ? user.userPrincipalName : row.owner.email);
  if (row.owner) heading.append(make("small", row.owner.organisation + (user && lower(user.userPrincipalName) !== lower(row.owner.email) ? " as " + row.owner.email : "")));
  card.append(heading);

  const table = make("table", null, "pairs");
  const head = make("tr");
  const side = (className, label, note) => {
    const element = make("th", null, className);
    element.append(make("i"), label, make("em", note));
    return element;
  };
  const folder = row.mailbox && row.mailbox.folder;
  const folderNote = row.mailbox ? (folder ? plural(folder.contacts.length, "contact") : "no folder") : "no mailbox";
  head.append(
    side("left", folder ? folder.displayName : "Mailbox", folderNote),
    make("th", null, "link"),
    side("right", "Zoho CRM", row.owner ? plural(row.owner.contacts.length, "contact") : "no CRM user"),
  );
  const thead = make("thead");
  thead.append(head);
  const body = make("tbody");
  const all = pairs(row);
  for (const pair of all.slice(0, ROWS)) {
    const line = make("tr");
    const both = pair.office && pair.crm;
    const link = make("td", both ? "⇄" : "", "link" + (both ? "" : " none"));
    link.title = both ? "on both sides" : "on one side only";
    line.append(
      cell("o" + (pair.office && pair.office.id), pair.office ? officeName(pair.office) : null, pair.office ? officeLines(pair.office) : [], "not in the mailbox"),
      link,
      cell("c" + (pair.crm && pair.crm.id), pair.crm ? crmName(pair.crm) : null, pair.crm ? crmLines(pair.crm) : [], "not in the CRM"),
    );
    body.append(line);
  }
  if (!all.length || all.length > ROWS) {
    const line = make("tr");
    const note = make("td", all.length ? "and " + (all.length - ROWS) + " more" : "no contacts on either side", "hole");
    note.colSpan = 3;
    line.append(note);
    body.append(line);
  }
  table.append(thead, body);
  card.append(table);
  return card;
}

function showPeople(graph, zoho) {
  const rows = people(graph, zoho);
  const place = byId("people");
  place.replaceChildren(...rows.map(personCard));
  if (!rows.length) place.append(make("p", "The world is empty. Give it one with POST /world or --world.", "empty"));
  const tenants = (graph.tenants || []).length;
  const organisations = (zoho.organisations || []).length;
  byId("tally").textContent = [plural(tenants, "Office 365 tenant"), plural(organisations, "CRM organisation"), plural(rows.length, "person", "people")].join(" · ");
  first = false;
}

// ---- the rest

function showJournal(entries, counts) {
  const rows = entries.reverse().map((entry) => {
    const line = make("tr");
    line.title = "#" + entry.seq + " " + entry.at;
    const status = entry.status || entry.outcome;
    line.append(
      make("td", entry.service, "service " + entry.service),
      make("td", entry.method, "method"),
      make("td", entry.route + (entry.batched ? "  (batch)" : ""), "route" + (entry.fault ? " faulted" : "")),
      make("td", status, "status " + (entry.status && entry.status < 400 ? "good" : entry.outcome === "pending" ? "" : "bad")),
    );
    return line;
  });
  byId("journal").tBodies[0].replaceChildren(...rows);
  const total = Object.values(counts).flatMap((routes) => Object.values(routes)).reduce((sum, count) => sum + count.total, 0);
  byId("requests").textContent = total + " so far";
}

const few = (names) => names.slice(0, 2).join(", ") + (names.length > 2 ? " and " + (names.length - 2) + " more" : "");

function showCounters(counters) {
  const broken = [];
  const lists = Object.entries(counters).map(([service, values]) => {
    const box = make("div");
    box.append(make("h3", service === "graph" ? "Microsoft Graph" : "Zoho CRM"));
    const list = make("dl");
    for (const [name, value] of Object.entries(values)) {
      const wrong = value > 0 && MUST_BE_ZERO.has(name);
      if (wrong) broken.push(name);
      if (!value) continue;
      list.append(make("dt", name.replaceAll("_", " "), wrong ? "bad" : ""), make("dd", value, wrong ? "bad" : ""));
    }
    if (!list.children.length) list.append(make("dt", "all zero"));
    box.append(list);
    return box;
  });
  byId("counters").replaceChildren(...lists);
  if (broken.length) signal("invariants", plural(broken.length, "counter") + " not zero", few(broken).replaceAll("_", " "), "bad");
  else signal("invariants", "Nothing broken", "mails, doubles, strays: zero", "good");
}

function showContracts(report) {
  const note = plural(report.checked_requests, "request") + ", " + plural(report.checked_answers, "answer");
  if (!report.loaded) signal("contracts", "Contracts not loaded", "nothing is checked", "warn");
  else if (report.violation_count) signal("contracts", plural(report.violation_count, "violation"), note, "bad");
  else signal("contracts", "Contracts kept", note, "good");
  byId("violations").hidden = !report.violation_count;
  byId("violations").querySelector("ul").replaceChildren(...report.violations.slice(-12).reverse().map((each) => {
    const line = make("li", each.direction + " " + each.method + " " + each.path + " " + (each.status || "") + " ");
    line.append(make("span", (each.pointer ? each.pointer + ": " : "") + each.reason + " (#" + each.seq + ")"));
    return line;
  }));
}

function showFaults(faults) {
  const armed = faults.rules.length;
  const fired = faults.rules.reduce((sum, rule) => sum + rule.fired, 0);
  signal("faults", armed ? plural(armed, "fault rule") : "No faults", armed ? fired + " fired, " + faults.parked + " parked" : "all answers are the services'", armed ? "warn" : "plain");
}

/** What was mailed on purpose: by the operator through Graph, and by the CRM to the people that were invited. */
function showMails(graph, zoho) {
  const notices = (graph.tenants || []).flatMap((tenant) => (tenant.mails || []).map((mail) => ({
    at: mail.at, title: mail.subject, note: mail.from + " to " + mail.to.join(", "), text: mail.text || mail.html,
  })));
  const invitations = (zoho.organisations || []).flatMap((organisation) => (organisation.invitations || []).map((each) => ({
    at: each.sent, title: "Invitation to " + organisation.company_name, note: each.email + ": " + each.status.replaceAll("_", " "),
  })));
  const all = notices.concat(invitations).sort((one, two) => new Date(two.at) - new Date(one.at));
  byId("mails").hidden = !all.length;
  byId("mails").querySelector("small").textContent = plural(all.length, "mail");
  byId("mails").querySelector("ul").replaceChildren(...all.slice(0, 12).map((mail) => {
    const line = make("li", mail.title);
    if (mail.text) line.title = mail.text;
    line.append(make("span", mail.note));
    return line;
  }));
}

async function refresh() {
  const started = performance.now();
  let wait = 1000;
  try {
    const [graph, zoho, counters, contracts, journal, counts, faults, clock] = await Promise.all([
      load("state/graph"), load("state/zoho"), load("counters"), load("contracts"),
      load("journal?limit=14"), load("journal/counts"), load("faults"), load("clock"),
    ]);
    byId("lost").hidden = true;
    showPeople(graph, zoho);
    showJournal(journal, counts);
    showMails(graph, zoho);
    showCounters(counters);
    showContracts(contracts);
    showFaults(faults);
    const [day, time] = clock.now.split("T");
    signal("clock", time.slice(0, 8), day + " UTC", "plain");
    // Large worlds take long to show: never spend more than a fifth of the time on it.
    wait = Math.max(wait, 4 * (performance.now() - started));
  } catch {
    byId("lost").hidden = false;
  }
  setTimeout(refresh, wait);
}

refresh();
