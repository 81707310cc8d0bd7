#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ravine/core/error.hpp"
#include "ravine/optim/functions/functions.hpp"
#include "ravine/optim/optimizers.hpp"
#include "ravine/optim/rates/rate_policy.hpp"
#include "ravine/optim/rates/schedule.hpp"
#include "ravine/optim/rules/adadelta.hpp"
#include "ravine/optim/rules/adam.hpp"
#include "ravine/optim/rules/clipping.hpp"
#include "ravine/optim/rules/nesterov.hpp"
#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {
namespace {

using testing::HasSubstr;

const Entry& entry_of(const std::string& name) {
    for (const auto& entry : update_rules().entries())
        if (entry.name == name) return entry;
    throw std::logic_error(name);
}

std::string default_of(const std::string& rule, const std::string& setting) {
    for (const auto& info : entry_of(rule).settings)
        if (info.name == setting) return info.default_value;
    return "none";
}

template <class Product>
void expect_complete(const Catalog<Product>& catalog) {
    for (const auto& entry : catalog.entries()) {
        EXPECT_FALSE(entry.summary.empty() || entry.formula.empty() || entry.source.empty()) << entry.name;
        EXPECT_EQ(entry.kind, catalog.kind());
        Spec spec{entry.name, {}};
        for (const auto& setting : entry.settings) {
            EXPECT_FALSE(setting.meaning.empty() || setting.expected.empty()) << entry.name << setting.name;
            spec.set(setting.name, setting.default_value);
        }
        EXPECT_NO_THROW(catalog.make(spec)) << spec.text();  // every default lies within its range
    }
}

void expect_refused(const std::string& spec, const std::string& message) {
    try {
        update_rules().make(Spec::parse(spec));
        FAIL() << spec;
    } catch (const RequestError& error) {
        EXPECT_THAT(error.what(), HasSubstr(message)) << spec;
    }
}

TEST(OptimCatalogs, SayEverythingAboutEachEntry) {
    expect_complete(update_rules());
    expect_complete(optimizers());
    expect_complete(schedules());
    expect_complete(rate_policies());
    expect_complete(clippings());
    expect_complete(functions());
}

TEST(OptimCatalogs, AllRulesAreThere) {
    std::vector<std::string> names;
    for (const auto& entry : update_rules().entries()) names.push_back(entry.name);
    EXPECT_THAT(names, testing::UnorderedElementsAre("sgd", "momentum", "nesterov", "adagrad", "rmsprop",
                                                     "rmsprop-nesterov", "adadelta", "adam", "nadam",
                                                     "delta-bar-delta", "dog", "prodigy"));
}

TEST(OptimCatalogs, DefaultsAreThoseOfTheAggregates) {
    EXPECT_EQ(default_of("adam", "learning_rate"), format_number(Adam{}.learning_rate));
    EXPECT_EQ(default_of("adam", "epsilon"), format_number(Adam{}.epsilon));
    EXPECT_EQ(default_of("adam", "bias_correction"), "true");
    EXPECT_EQ(default_of("adadelta", "learning_rate"), "1");
    EXPECT_EQ(default_of("nesterov", "form"), "rewritten");
    EXPECT_EQ(default_of("rmsprop", "epsilon_place"), "outside");
    EXPECT_EQ(default_of("nesterov", "momentum_schedule"), "constant");
}

TEST(OptimCatalogs, SettingsReachTheRule) {
    EXPECT_EQ(update_rules().make(Spec::parse("adam:learning_rate=0.25")).base_learning_rate(), 0.25);
    Graph graph;
    RuleGraph r(graph, 2);
    update_rules().make(Spec::parse("rmsprop:momentum=0.5,centered=true")).update(r);
    std::vector<std::string> states;
    for (const auto& state : r.states()) states.push_back(state.name);
    EXPECT_THAT(states, testing::ElementsAre("mean_square", "mean", "velocity"));
    RuleGraph ahead(graph, 2);
    EXPECT_TRUE(update_rules().make(Spec::parse("nesterov:form=lookahead")).evaluation_point(ahead));
    EXPECT_FALSE(update_rules().make(Spec::parse("nesterov")).evaluation_point(ahead));
}

TEST(OptimCatalogs, UnknownNamesSuggestTheNearest) {
    expect_refused("adm", "did you mean 'adam'?");
    expect_refused("rmsprop-nestorov", "did you mean 'rmsprop-nesterov'?");
    expect_refused("adam:beta_1=0.9", "did you mean 'beta1'?");
    expect_refused("nesterov:form=pytorhc", "did you mean 'pytorch'?");
}

TEST(OptimCatalogs, ValuesOutOfRangeAreRefused) {
    for (const auto& entry : update_rules().entries()) {
        expect_refused(entry.name + ":learning_rate=-0.1", "above 0");
        expect_refused(entry.name + ":learning_rate=0", "above 0");
        expect_refused(entry.name + ":learning_rate=nan", "learning_rate");
        expect_refused(entry.name + ":learning_rate=inf", "learning_rate");
        expect_refused(entry.name + ":learning_rate=1e", "learning_rate");
    }
    expect_refused("adam:beta1=1", "[0, 1)");
    expect_refused("adam:beta2=-0.1", "[0, 1)");
    expect_refused("adam:epsilon=0", "above 0");
    expect_refused("momentum:momentum=1", "[0, 1)");
    expect_refused("momentum:momentum_steps=0", "at least 1");
    expect_refused("rmsprop:rho=1.5", "[0, 1)");
    expect_refused("rmsprop-nesterov:form=pytorch", "one of lookahead rewritten");
    expect_refused("delta-bar-delta:phi=1.1", "[0, 1]");
}

TEST(OptimCatalogs, ClippingRefusesWhatItDoesNotKnow) {
    EXPECT_EQ(make_clipping(Spec::parse("none")).kind, Clipping::Kind::none);
    const Clipping clipping = make_clipping(Spec::parse("tensor-norm:limit=2.5"));
    EXPECT_EQ(clipping.kind, Clipping::Kind::tensor_norm);
    EXPECT_EQ(clipping.limit, 2.5);
    EXPECT_EQ(make_clipping(Spec::parse("norm")).limit, 1);
    EXPECT_EQ(make_clipping(Spec::parse("value")).limit, 0.5);
    EXPECT_THROW(make_clipping(Spec::parse("norms")), RequestError);
    EXPECT_THROW(make_clipping(Spec::parse("norm:limit=0")), RequestError);
    EXPECT_THROW(make_clipping(Spec::parse("norm:limit=nan")), RequestError);
    EXPECT_THROW(make_clipping(Spec::parse("none:limit=1")), RequestError);
}

}  // namespace
}  // namespace ravine
