//! From a loaded configuration to plugins ready to run.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::coverage::{From, Redacts, To, reached, uncovered, widened};
use super::processors::{without, without_processors};
use super::reach::{self, Sources};
use super::redaction;
use super::routes::{self, Routes, WrittenRoute};
use super::spools::{self, SpoolPlan};
use super::uncounted::uncounted;
use crate::config::common::{FilterOptions, InputOptions, OutputOptions, refuse_unknown};
use crate::config::types::StorageType;
use crate::config::{
    Diagnostics, Loaded, Matcher, OptionSpec, Options, Place, RedactRule, Section, SectionKind, Service, Severity,
    VariableFile, closest, comment_within, did_you_mean, readable, without_telemetry,
};
use crate::filters::condition::{Condition, conditional};
use crate::metrics::{FilterMetrics, InputMetrics, Metrics, OutputMetrics};
use crate::plugin::{
    Agent, BuildContext, FilterFactory, FilterKind, Hidden, Input, InputKind, InputSetup, Output, OutputKind, Purpose,
    Stop,
};
use crate::retention::Classes;
use crate::{filters, inputs, outputs};

/// An input, ready to run.
pub struct BuiltInput {
    /// Alias or instance name.
    pub name: Arc<str>,
    /// The plugin.
    pub input: Box<dyn Input>,
    /// Makes it anew, should it panic. `None` when it cannot be made now.
    pub again: Box<dyn Fn() -> Option<Box<dyn Input>> + Send>,
    /// Its counters.
    pub metrics: Arc<InputMetrics>,
    /// Stops it.
    pub stop: Stop,
    /// Whether its records are to be spooled before it is answered for them.
    pub is_kept: bool,
    /// Tag of its records as configured; may hold `*`.
    pub tag: String,
    /// Where it goes on after a stop.
    pub place: PlaceOf,
    /// The key under which it puts whole lines, if it does.
    pub(super) text: Option<String>,
    /// Where its records go, in place of the `Match` of outputs; taken when outputs are built.
    pub(super) routes: Option<Vec<WrittenRoute>>,
}

/// Where an input goes on after a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceOf {
    /// Its place is on disk.
    Disk,
    /// It has none: what is not delivered is lost.
    Nowhere,
    /// It has one in memory, which ends with it.
    Memory,
}

/// A filter, ready to be made once per worker.
pub struct BuiltFilter {
    /// Tags it takes.
    pub matcher: Matcher,
    /// The input whose records alone it takes, for a processor.
    pub input: Option<Arc<str>>,
    /// Makes instances.
    pub factory: FilterFactory,
    /// Its counters.
    pub metrics: Arc<FilterMetrics>,
    /// At which keys it hides personal data, if it is to.
    pub(super) hides: Option<Hidden>,
    /// Whether it [holds](crate::plugin::Filter::holds) records back.
    pub(super) holds: bool,
    /// Whether it takes every record that it meets: no condition leaves some out.
    pub always: bool,
    /// The key whose text it takes apart.
    pub(super) takes_apart: Option<String>,
    /// The keys that it renames or copies, each with the new one.
    pub(super) moves: Vec<(String, String)>,
}

impl BuiltFilter {
    /// The filter for records that meet `condition` alone, as [`Builder::condition`] gives it.
    pub(super) fn under(self, condition: Option<Option<Condition>>) -> Option<Self> {
        let Some(condition) = condition else { return Some(self) };
        Some(Self { factory: conditional(self.factory, condition?), always: false, ..self })
    }

    /// Whether it hides personal data: then it takes also what it cannot tell that it need not.
    pub fn redacts(&self) -> bool {
        self.hides.is_some()
    }

    /// The same of every record that it meets, behind filters that move keys as `moves` say.
    fn covering<'a>(&'a self, moves: &'a [(String, String)]) -> Option<Redacts<'a>> {
        let hides = self.hides.as_ref().filter(|_| self.always)?;
        Some(Redacts { matcher: &self.matcher, input: self.input.as_deref(), hides, moves })
    }

    /// Whether it is meant for records of `input`.
    pub(super) fn takes_of(&self, input: &Arc<str>) -> bool {
        self.input.as_ref().is_none_or(|alone| alone == input)
    }

    /// Whether it may hold records of `input` back.
    pub(super) fn holds_back(&self, input: &BuiltInput) -> bool {
        self.holds && self.takes_of(&input.name) && self.matcher.may_take(&widened(&input.tag))
    }
}

/// An output, ready to deliver.
pub struct BuiltOutput {
    /// Alias or instance name.
    pub name: Arc<str>,
    /// Tags it takes.
    pub matcher: Matcher,
    /// The plugin.
    pub output: Arc<dyn Output>,
    /// How often a failed request is sent again; `None` is without end.
    pub retry_limit: Option<u32>,
    /// Its counters.
    pub metrics: Arc<OutputMetrics>,
    /// Its spool.
    pub spool: SpoolPlan,
    /// Filters for what goes to it alone, behind all others.
    pub processors: Vec<BuiltFilter>,
}

impl BuiltOutput {
    /// The end of the ways to it, behind filters that move keys as `moves` say.
    fn way<'a>(&'a self, moves: &'a [(String, String)]) -> To<'a> {
        let own = self.processors.iter().filter_map(|own| own.covering(moves)).collect();
        To { name: &self.name, matcher: &self.matcher, own }
    }
}

/// Everything that runs.
pub struct Plan {
    /// Inputs in configuration order.
    pub inputs: Vec<BuiltInput>,
    /// Filters in configuration order.
    pub filters: Vec<BuiltFilter>,
    /// Outputs in configuration order.
    pub outputs: Vec<BuiltOutput>,
    /// `[SERVICE]`.
    pub service: Service,
    /// Directory for state; `None` keeps it in memory.
    pub state_directory: Option<PathBuf>,
    /// All counters.
    pub metrics: Arc<Metrics>,
    /// SHA-256 over the text of the configuration, in hexadecimal digits.
    pub digest: String,
    /// Files of variables a change of which asks for a reload.
    pub variables: Vec<VariableFile>,
    /// The routes of inputs that have their own.
    pub(super) direct: HashMap<Arc<str>, Routes>,
}

/// What a plan is built from beside the configuration.
pub struct Surroundings {
    /// Who this agent is.
    pub agent: Arc<Agent>,
    /// Directory for state; `None` keeps it in memory.
    pub state_directory: Option<PathBuf>,
    /// Whether it is to run.
    pub purpose: Purpose,
}

impl Plan {
    /// Builds all plugins of `loaded`. `None` when something is wrong; it has been reported.
    pub fn build(loaded: Loaded, surroundings: &Surroundings, findings: &mut Diagnostics) -> Option<Self> {
        let Loaded { document, service, parsers } = loaded;
        let texts: Vec<u8> = document.files.iter().flat_map(|file| file.text.bytes().chain([0])).collect();
        let digest = crate::proof::Hash::of(&texts).to_string();
        let base = BuildContext {
            name: "".into(),
            parsers,
            agent: Arc::clone(&surroundings.agent),
            classes: Classes::read(&document, findings),
            state_directory: surroundings.state_directory.clone(),
            escape_unicode: service.json_escape_unicode,
            purpose: surroundings.purpose,
        };
        let count = |kind| document.of(kind).count();
        let alone = count(SectionKind::Input) == 1 && count(SectionKind::Output) == 1;
        let inherited = service.storage_inherit.then_some(service.storage_type);
        let (metrics, names, processors) = (Arc::default(), HashSet::new(), Vec::new());
        let routed = routes::named(&document);
        let kinds = document.of(SectionKind::Input).map(|section| section.name().to_ascii_lowercase()).collect();
        let mut builder = Builder {
            base,
            metrics,
            names,
            alone,
            kinds,
            inherited,
            findings,
            processors,
            routed,
            is_redact_wrong: false,
        };
        let mut inputs: Vec<_> = document.instances(SectionKind::Input).filter_map(|at| builder.input(at)).collect();
        let filters: Vec<_> = document.instances(SectionKind::Filter).filter_map(|at| builder.filter(at)).collect();
        let mut outputs: Vec<_> = document.instances(SectionKind::Output).filter_map(|at| builder.output(at)).collect();
        let backlog = service.storage_path.as_deref().and_then(|path| builder.backlog(path, inputs.len(), &outputs));
        inputs.extend(backlog);
        let (metrics, is_redact_wrong) = (builder.metrics, builder.is_redact_wrong);
        let direct = routes::resolve(&mut inputs, &outputs, &document, builder.findings);
        // What cannot be read might have held one.
        let is_read = !builder.findings.has_errors();
        if is_read {
            let sources = Sources { inputs: &inputs, direct: &direct };
            reach::tell(&document, &sources, (&filters, &outputs), builder.findings);
        }
        let filters: Vec<_> = builder.processors.into_iter().chain(filters).collect();
        if !is_redact_wrong {
            let rule = (service.redact, uncounted(&document));
            tell_uncovered((&inputs, &direct), &filters, &outputs, rule, findings);
        }
        for (kind, word) in [(SectionKind::Input, "input"), (SectionKind::Output, "output")] {
            if document.of(kind).next().is_none() && is_read {
                let message = format!("no {word} is configured");
                findings.error(Place::default(), "V201", message);
            }
        }
        let (variables, state_directory) = (document.variables, surroundings.state_directory.clone());
        let hide = redaction::hide(&filters, &outputs);
        spools::equip((&inputs, hide), &mut outputs, &service, surroundings, findings);
        let is_sound = !findings.has_errors();
        is_sound.then_some(Self {
            inputs,
            filters,
            outputs,
            service,
            state_directory,
            metrics,
            digest,
            variables,
            direct,
        })
    }
}

/// Reports every way that passes no `redact`: an error where that is required, a warning where some ways do pass one.
fn tell_uncovered(
    (inputs, direct): (&[BuiltInput], &HashMap<Arc<str>, Routes>),
    filters: &[BuiltFilter],
    outputs: &[BuiltOutput],
    (rule, uncounted): (RedactRule, Vec<String>),
    findings: &mut Diagnostics,
) {
    let moves: Vec<(String, String)> = filters.iter().flat_map(|filter| filter.moves.iter().cloned()).collect();
    let before = filters.iter().scan(0, |count, filter| Some(std::mem::replace(count, *count + filter.moves.len())));
    let redacts: Vec<Redacts<'_>> =
        filters.iter().zip(before).filter_map(|(filter, before)| filter.covering(&moves[..before])).collect();
    if rule == RedactRule::Off && redacts.is_empty() && !outputs.iter().any(BuiltOutput::redacts) {
        return;
    }
    let names = |routes: &Routes| routes.outputs.iter().map(|at| &*outputs[*at].name).collect();
    // What is taken apart is no whole line any more.
    let is_taken_apart = |key: &str| filters.iter().any(|filter| filter.takes_apart.as_deref() == Some(key));
    let way = |input: &'_ BuiltInput| direct.get(&input.name).map(names);
    let from: Vec<From<'_>> = inputs
        .iter()
        .map(|input| From {
            name: &input.name,
            tag: &input.tag,
            text: input.text.as_deref().filter(|key| !is_taken_apart(key)),
            to: way(input),
        })
        .collect();
    let to: Vec<To<'_>> = outputs.iter().map(|output| output.way(&moves)).collect();
    let (severity, code) = match rule {
        RedactRule::Required => (Severity::Error, "V220"),
        RedactRule::Off => (Severity::Warning, "V221"),
    };
    tell_idle(filters, inputs, findings);
    for (input, output) in uncovered(&from, &redacts, &to) {
        let message = format!("records of `{input}` reach `{output}` without passing `redact`");
        let text = from.iter().find(|from| from.name == input).and_then(|from| from.text);
        let hiding = || redacts.iter().chain(to.iter().flat_map(|to| &to.own));
        let is_left = |text: &&str| hiding().any(|redact| !redact.hides.is_at(text));
        let mut keys = text.map(|text| reached(text, &moves)).unwrap_or_default().into_iter();
        let help = match keys.find(is_left) {
            Some(key) => format!(
                "`{key}` holds its whole lines, and nothing in them is hidden: take `Exclude ${key}` or `Field ${key} keep` out, or give a preset"
            ),
            None if uncounted.is_empty() => "widen the `Match` of a filter `redact`, or add one".into(),
            None => format!("{}; or widen the `Match` of another filter `redact`, or add one", uncounted.join("; ")),
        };
        findings.add(None, severity, code, message).help(help);
    }
}

/// Warns of each filter that is to hide and takes the records of no input.
fn tell_idle(filters: &[BuiltFilter], inputs: &[BuiltInput], findings: &mut Diagnostics) {
    let is_idle = |filter: &&BuiltFilter| {
        filter.redacts()
            && filter.input.is_none()
            && !inputs.iter().any(|input| filter.matcher.may_take(&widened(&input.tag)))
    };
    for filter in filters.iter().filter(is_idle) {
        let message = format!("`{}` takes no record: no input has a tag that its `Match` fits", filter.metrics.name);
        let tags: Vec<String> = inputs.iter().map(|input| format!("`{}`", input.tag)).collect();
        findings.add(None, Severity::Warning, "V222", message).help(format!("tags are {}", tags.join(", ")));
    }
}

/// Builds the output called `name`, and nothing else of `loaded`.
///
/// # Errors
/// When there is no such output, or it cannot be built; what is wrong with it is in `findings`.
pub(super) fn one_output(
    name: &str,
    loaded: &Loaded,
    surroundings: &Surroundings,
    findings: &mut Diagnostics,
) -> Result<Arc<dyn Output>, String> {
    let base = BuildContext {
        name: "".into(),
        parsers: Arc::default(),
        agent: Arc::clone(&surroundings.agent),
        classes: Classes::read(&loaded.document, findings),
        state_directory: surroundings.state_directory.clone(),
        escape_unicode: loaded.service.json_escape_unicode,
        purpose: surroundings.purpose,
    };
    let mut outputs = loaded.document.instances(SectionKind::Output);
    let found = outputs.find(|(section, instance)| section.called(instance) == name);
    let found = found.ok_or_else(|| format!("no output is called `{name}`: name the one to send through with --to"))?;
    let metrics = Arc::default();
    let (names, processors, kinds) = (HashSet::new(), Vec::new(), Vec::new());
    let routed = HashSet::new();
    let mut builder = Builder {
        base,
        metrics,
        names,
        alone: true,
        kinds,
        inherited: None,
        findings,
        processors,
        routed,
        is_redact_wrong: false,
    };
    let built = builder.output(found).filter(|_| !findings.has_errors());
    built.map(|built| built.output).ok_or_else(|| format!("the output `{name}` cannot be made"))
}

/// What an input is built from, to be built again.
struct Setup {
    tag: String,
    limit: Option<usize>,
    alike: usize,
    metrics: Arc<InputMetrics>,
    stop: Stop,
}

impl Setup {
    fn of<'a>(&'a self, context: &'a BuildContext) -> InputSetup<'a> {
        let Self { tag, limit, alike, metrics, stop } = self;
        InputSetup { context, tag, mem_buf_limit: *limit, alike: *alike, metrics, stop }
    }
}

pub(super) struct Builder<'f> {
    base: BuildContext,
    metrics: Arc<Metrics>,
    names: HashSet<(SectionKind, String)>,
    /// Whether there is one input and one output, so that no `Match` is needed.
    alone: bool,
    /// The kind of each input.
    kinds: Vec<String>,
    /// `storage.type` of inputs that have none.
    inherited: Option<StorageType>,
    pub(super) findings: &'f mut Diagnostics,
    /// Filters of inputs, which come before all others.
    processors: Vec<BuiltFilter>,
    /// Names of outputs that routes of inputs lead to.
    routed: HashSet<String>,
    /// Whether something is wrong with a filter that is to redact, so that nobody can tell which ways pass it.
    is_redact_wrong: bool,
}

impl Builder<'_> {
    fn input(&mut self, (section, instance): (&Section, String)) -> Option<BuiltInput> {
        let known: Vec<&str> = inputs::KINDS.iter().map(|kind| kind.name).collect();
        let kind: &InputKind = self.kind(section, &known).map(|at| &inputs::KINDS[at])?;
        let routes = routes::read(section, self.findings);
        let known = without_telemetry(&without(&without_processors(section), "routes"), self.findings);
        let options = self.options::<InputOptions>(&known, kind.options);
        let context = self.context(section, options.alias, &instance);
        let processors = self.processors_of(section, &context.name);
        self.processors.extend(processors);
        let metrics = self.metrics.add_input(&context.name);
        let stop = Stop::default();
        let is_kept = self.is_kept(section, kind, options.storage_type.or(self.inherited));
        let tag = options.tag.unwrap_or(instance);
        let limit = Some(options.mem_buf_limit.0).filter(|limit| *limit > 0);
        let alike = self.kinds.iter().filter(|other| other.eq_ignore_ascii_case(section.name())).count();
        let setup = Setup { tag: tag.clone(), limit, alike, metrics: Arc::clone(&metrics), stop: stop.clone() };
        let input = self.plugin((section, kind.options), &context, |section, context, findings| {
            (kind.build)(section, &setup.of(context), findings)
        })?;
        let has_place = self.base.state_directory.is_some() || section.get("db").is_some();
        let place = match (kind.reads_again, has_place) {
            (false, _) => PlaceOf::Nowhere,
            (true, true) => PlaceOf::Disk,
            (true, false) => PlaceOf::Memory,
        };
        let text = inputs::text_key(section).map(str::to_owned);
        let (section, name) = (section.clone(), Arc::clone(&context.name));
        let again = move || (kind.build)(&section, &setup.of(&context), &mut Diagnostics::default());
        let stop = stop.with_end(input.its_end());
        Some(BuiltInput { name, input, again: Box::new(again), metrics, stop, is_kept, tag, place, text, routes })
    }

    /// Whether records of this input are to be spooled.
    fn is_kept(&mut self, section: &Section, kind: &InputKind, storage: Option<StorageType>) -> bool {
        let has_place = self.base.state_directory.is_some();
        let is_asked_for = storage == Some(StorageType::Filesystem);
        if is_asked_for && !has_place {
            let place = section.get("storage.type").map_or(section.place, |value| value.place);
            let message = "`storage.type filesystem` needs a directory";
            self.findings.error(place, "V210", message).help("set `storage.path` in [SERVICE]");
        }
        is_asked_for || has_place && !kind.reads_again
    }

    /// The input that takes over what Fluent Bit left in `storage_path`, if it left something. It is the `number`th.
    fn backlog(&mut self, storage_path: &Path, number: usize, outputs: &[BuiltOutput]) -> Option<BuiltInput> {
        let chunks = inputs::backlog::find(storage_path);
        if chunks.is_empty() {
            return None;
        }
        if self.base.purpose.is_check() {
            let (count, path) = (chunks.len(), storage_path.display());
            let message = format!("{count} chunks that Fluent Bit left in `{path}` are delivered at the next start");
            self.findings.add(None, crate::config::Severity::Warning, "V208", message);
        }
        let name: Arc<str> = format!("{}.{number}", inputs::backlog::NAME).into();
        let metrics = self.metrics.add_input(&name);
        let matchers: Vec<Matcher> = outputs.iter().map(|output| output.matcher.clone()).collect();
        // Where a pattern was given up an output takes the records, as in the pipeline.
        let routes: inputs::backlog::Routes =
            Arc::new(move |tag| matchers.iter().any(|matcher| matcher.matches(tag).unwrap_or(true)));
        let (path, counters, called) = (storage_path.to_owned(), Arc::clone(&metrics), Arc::clone(&name));
        let make = move || -> Option<Box<dyn Input>> {
            let chunks = inputs::backlog::find(&path);
            let (name, metrics, routes) = (Arc::clone(&called), Arc::clone(&counters), Arc::clone(&routes));
            Some(Box::new(inputs::backlog::Backlog { name, chunks, routes, metrics }))
        };
        let input = make()?;
        let (stop, tag) = (Stop::default().with_end(input.its_end()), "*".into());
        let again = Box::new(make);
        let (is_kept, place, text, routes) = (false, PlaceOf::Disk, None, None);
        Some(BuiltInput { name, input, again, metrics, stop, is_kept, tag, place, text, routes })
    }

    fn filter(&mut self, (section, instance): (&Section, String)) -> Option<BuiltFilter> {
        self.watched(section, |builder| {
            let (section, condition) = builder.condition(section);
            let built = builder.bare_filter(&section, &instance)?;
            let matcher = builder.matcher(&section, built.matcher.clone());
            BuiltFilter { matcher, ..built }.under(condition)
        })
    }

    /// What `build` makes of the filter or processor `section`; it is noted where one that is to redact has an error.
    pub(super) fn watched<T>(&mut self, section: &Section, build: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.findings.errors();
        let built = build(self);
        self.is_redact_wrong |= filters::redacts(section) && self.findings.errors() > before;
        built
    }

    /// A filter without its condition; whether it takes anything is not looked at.
    pub(super) fn bare_filter(&mut self, section: &Section, instance: &str) -> Option<BuiltFilter> {
        let known: Vec<&str> = filters::KINDS.iter().map(|kind| kind.name).collect();
        let kind: &FilterKind = self.kind(section, &known).map(|at| &filters::KINDS[at])?;
        let options = self.options::<FilterOptions>(section, kind.options);
        let context = self.context(section, options.alias, instance);
        let metrics = self.metrics.add_filter(&context.name);
        let matcher = Matcher::new(options.pattern, options.match_regex);
        let factory = self.plugin((section, kind.options), &context, |section, context, findings| {
            (kind.build)(section, context, &metrics, findings)
        })?;
        let made = factory();
        let (hides, holds) = (made.hides(), made.holds());
        drop(made);
        let takes_apart = filters::takes_apart(section).map(str::to_owned);
        let moves = filters::moves(section);
        Some(BuiltFilter { matcher, input: None, factory, metrics, hides, holds, always: true, takes_apart, moves })
    }

    fn output(&mut self, (section, instance): (&Section, String)) -> Option<BuiltOutput> {
        let known: Vec<&str> = outputs::KINDS.iter().map(|kind| kind.name).collect();
        let kind: &OutputKind = self.kind(section, &known).map(|at| &outputs::KINDS[at])?;
        let options = self.options::<OutputOptions>(&without_processors(section), kind.options);
        let context = self.context(section, options.alias, &instance);
        let processors = self.processors_of(section, &context.name);
        let metrics = self.metrics.add_output(&context.name);
        let matcher = Matcher::new(options.pattern, options.match_regex);
        let is_routed = matcher.is_nothing() && self.routed.contains(&*context.name);
        let matcher = if is_routed { matcher } else { self.matcher(section, matcher) };
        let output = self.plugin((section, kind.options), &context, |section, context, findings| {
            (kind.build)(section, context, &metrics, findings)
        })?;
        let retry_limit = options.retry_limit.0;
        let spool = SpoolPlan::new(options.storage_total_limit_size.0, options.storage_when_full);
        Some(BuiltOutput { name: context.name, matcher, output, retry_limit, metrics, spool, processors })
    }

    /// Index of the plugin that `section` names among `known`.
    fn kind(&mut self, section: &Section, known: &[&str]) -> Option<usize> {
        let name = section.name().to_ascii_lowercase();
        let found = known.iter().position(|kind| *kind == name);
        if found.is_some() {
            return found;
        }
        match section.get("name") {
            Some(value) if value.was_emptied() => {}
            Some(value) => {
                let message = format!("unknown plugin {}", value.quoted());
                let instead = Some(&name).filter(|_| section.kind == SectionKind::Output);
                let instead = instead.and_then(|name| outputs::instead_of(name)).map(str::to_owned);
                let comment = comment_within(&name).map(str::to_owned);
                let help = comment.or(instead).unwrap_or_else(|| did_you_mean(&name, known));
                self.findings.error(value.place, "V202", message).help(help);
            }
            None => {
                let mut keys = section.entries.iter().map(|entry| &entry.key);
                let misspelt = keys.find(|key| closest(&key.text, &["name"]).is_some());
                let (place, help) = match misspelt {
                    Some(key) => (key.place, "did you mean `Name`?"),
                    None => (section.place, "add `Name <plugin>`"),
                };
                self.findings.error(place, "V203", "the section names no plugin").help(help);
            }
        }
        None
    }

    /// The common options of `section`, its keys checked against them and the plugin's own. Where one is wrong and was
    /// reported, the defaults stand in, so that the plugin's own options are checked too.
    fn options<T: Options>(&mut self, section: &Section, own: &[OptionSpec]) -> T {
        refuse_unknown(section, &[own, T::TABLE], self.findings);
        T::read(section, self.findings).unwrap_or_else(|| {
            let rest = readable(section, &[T::TABLE]);
            T::read(&rest, &mut Diagnostics::default()).expect("of the common options only the name is required")
        })
    }

    /// Builds a plugin from `section` and `context`. Where one of its options is wrong, the rest is tried without it, so
    /// that everything else that is wrong is reported too.
    fn plugin<T>(
        &mut self,
        (section, options): (&Section, &[OptionSpec]),
        context: &BuildContext,
        build: impl Fn(&Section, &BuildContext, &mut Diagnostics) -> Option<T>,
    ) -> Option<T> {
        let mut first = Diagnostics::default();
        let built = build(section, context, &mut first);
        if built.is_none() {
            let dry = BuildContext { purpose: Purpose::CheckBeside, ..context.clone() };
            let mut second = Diagnostics::default();
            drop(build(&readable(section, &[options]), &dry, &mut second));
            // What is missing now was given, and is reported already.
            second.retain(|finding| finding.code != "V105");
            first.merge(second);
        }
        self.findings.merge(first);
        built
    }

    fn context(&mut self, section: &Section, alias: Option<String>, instance: &str) -> BuildContext {
        let name = alias.unwrap_or_else(|| instance.to_owned());
        if !self.names.insert((section.kind, name.clone())) {
            let place = section.get("alias").map_or(section.place, |alias| alias.place);
            let message = format!("the name `{name}` is taken by another plugin");
            self.findings.error(place, "V204", message).help("give one of them another `Alias`");
        }
        // Once something is wrong, nothing will run, so nothing is opened any more.
        let runs = self.base.purpose == Purpose::Run && self.findings.has_errors();
        let purpose = if runs { Purpose::Check } else { self.base.purpose };
        BuildContext { name: name.into(), purpose, ..self.base.clone() }
    }

    fn matcher(&mut self, section: &Section, matcher: Matcher) -> Matcher {
        if !matcher.is_nothing() {
            return matcher;
        }
        if self.alone && section.kind == SectionKind::Output {
            return Matcher::all();
        }
        if section.get("match").or(section.get("match_regex")).is_some() {
            // It was given, but wrong, which has been reported.
            return matcher;
        }
        let message = "without `Match` it takes no records";
        self.findings.warning(section.place, "V205", message).help("add `Match *` or a narrower pattern");
        matcher
    }
}
