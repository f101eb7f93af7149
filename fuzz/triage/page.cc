#include "triage/page.h"

#include "triage/ladder.h"
#include "triage/rows.h"
#include "triage/templates.h"

#include <nlohmann/json.hpp>

#include <set>

namespace kyu::fuzz {

using kainjow::mustache::data;
using kainjow::mustache::mustache;
using nlohmann::json;

namespace {

data list() { return data(data::type::list); }

void set_list(data &to, const std::string &name, data items) {
  to.set("has_" + name, items.is_non_empty_list());
  to.set(name, std::move(items));
}

std::string number(const json &j, const char *key) {
  auto at = j.find(key);
  return at == j.end() || !at->is_number() ? "" : std::to_string(at->get<int64_t>());
}

data stack_of(const json &report) {
  data all = list();
  for (const json &f : report.value("stack", json::array())) {
    std::string file = f.value("file", "");
    if (file.rfind("stack/", 0) != 0) continue;
    data row;
    row.set("function", f.value("function", ""));
    row.set("place", file + ":" + number(f, "line"));
    all << row;
  }
  return all;
}

// The innermost functions that say where it was.
std::string where(const json &event) {
  std::string out;
  int left = 4;
  for (const json &f : event.value("stack", json::array())) {
    if (f.value("file", "").rfind("stack/", 0) != 0 || f.value("function", "").rfind("pool_", 0) == 0)
      continue;
    if (left-- == 0) break;
    out += (out.empty() ? "" : " < ") + f.value("function", "");
  }
  return out;
}

data life_of(const json &report) {
  data all = list();
  for (const json &e : report.value("life", json::array())) {
    data row;
    row.set("op", number(e, "op"));
    row.set("ms", number(e, "ms"));
    row.set("thread", e.value("thread", ""));
    row.set("what", e.value("what", ""));
    row.set("where", where(e));
    row.set("suspicious", e.value("suspicious", false));
    all << row;
  }
  return all;
}

data script_of(const json &report) {
  data all = list();
  std::string script = report.value("script", "");
  int op = 0, blamed = report.value("op", -1);
  for (size_t at = 0, end; at < script.size(); at = end + 1) {
    end = std::min(script.find('\n', at), script.size());
    data row;
    row.set("line", script.substr(at, end - at));
    row.set("blamed", op++ == blamed);
    all << row;
  }
  return all;
}

data remarks_of(const json &report) {
  data all = list();
  for (const json &r : report.value("remarks", json::array())) {
    data row;
    row.set("remark", r.get<std::string>());
    all << row;
  }
  return all;
}

data inputs_of(const bucket &b) {
  data all = list();
  for (const sighting &s : b.sightings) {
    data row;
    row.set("file", s.file);
    row.set("bytes", std::to_string(s.bytes));
    row.set("engine", s.engine);
    row.set("build", s.build.empty() ? "as it is" : s.build);
    row.set("signature", s.finding.signature);
    all << row;
  }
  return all;
}

}  // namespace

std::string bucket_page(const bucket &b, const json &bundled) {
  json reported = json::parse(watch::to_json(b.sightings[0].finding));
  const json &report = bundled.is_object() ? bundled : reported;
  data d = row_of(b);
  d.set("style", style_template);
  d.set("summary", report.value("summary", b.summary));
  d.set("object", report.value("object", ""));
  set_if(d, "replay", report.value("replay", ""));
  if (report.contains("conversation")) d.set("ladder", ladder_svg(report));
  set_list(d, "script", script_of(report));
  set_list(d, "life", life_of(report));
  set_list(d, "stack", stack_of(report));
  d.set("remarks", remarks_of(report));
  d.set("inputs", inputs_of(b));
  return mustache(bucket_template).render(d);
}

std::string index_page(const std::vector<index_entry> &entries, const bucket_store &store) {
  data d, all = list();
  for (const index_entry &e : entries) {
    data row = row_of(*e.what);
    std::set<std::string> engines;
    for (const sighting &s : e.what->sightings)
      if (!s.engine.empty()) engines.insert(s.engine);
    std::string text;
    for (const std::string &name : engines) text += (text.empty() ? "" : ", ") + name;
    row.set("engines", text);
    row.set("page", e.page);
    all << row;
  }
  d.set("style", style_template);
  d.set("count", std::to_string(entries.size()));
  d.set("new", std::to_string(new_ones(store)));
  d.set("buckets", all);
  d.set("rejects", reject_rows(store));
  return mustache(index_template).render(d);
}

}  // namespace kyu::fuzz
