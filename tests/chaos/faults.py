"""The kinds of faults that once were in the bridge, each as small a change as puts it back: what
stands in a file, exactly once, and what stands there then. `./mutants` builds and finds them.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    kind: str
    what: str
    changes: tuple  # (file, what stands there, what is put there)


FAULTS = (
    Fault("K0", "a copied stamp counts as the message's own", (
        ("bridge/message/stamp.cpp",
         "  if (!stamp || stamp->proof.empty() ||\n",
         "  if (!stamp) return std::nullopt;\n  if (stamp->sequence == 0 &&\n"),
    )),
    Fault("K1", "the subscriptions of an earlier configuration live on, and count", (
        ("bridge/crossing/subscriptions.cpp",
         "entry.row.held && !entry.wanted",
         "entry.row.held && !entry.wanted && identifier == 0"),
        ("bridge/crossing/subscriptions.cpp",
         "  if (identifier == several_subscriptions) return {};",
         "  if (identifier != 0 || !topic.empty()) return {};"),
    )),
    Fault("K2", "what is retained is not compared after a gap", (
        ("bridge/crossing/retained_comparison.cpp",
         "  if (status().state == State::off) return;\n  answers_",
         "  if (status().state == State::off || far.readable) return;\n  answers_"),
    )),
    Fault("K3", "overlapping routes are joined into one subscription", (
        ("bridge/route/route.cpp",
         "    if (known.insert(filter).second) subscriptions_.push_back(filter);",
         "    const auto other = std::ranges::find_if(subscriptions_, [&](const auto& one) {\n"
         "      return overlap(one, filter);\n"
         "    });\n"
         "    if (other != subscriptions_.end()) {\n"
         "      *other = join(*other, filter);\n"
         "    } else if (known.insert(filter).second) {\n"
         "      subscriptions_.push_back(filter);\n"
         "    }"),
    )),
    Fault("K4 unanswered", "a SUBSCRIBE at QoS 2 that is not answered is asked again as it was", (
        ("bridge/link/subscriber.cpp",
         "one.qos_2_silent = without_qos_2_ = true;",
         "without_qos_2_ = true;"),
    )),
    Fault("K4 refused", "a filter that is refused is not asked for again", (
        ("bridge/link/subscriber.cpp",
         "one.state == State::granted || one.since > now",
         "one.state == State::granted || one.state == State::refused || one.since > now"),
    )),
    Fault("K5", "each refusal is taken for the message's fault", (
        ("bridge/forwarder/lane/refusal.cpp", "  switch (code) {",
         "  if (code >= 0x80) return Refusal::for_message;\n  switch (code) {"),
    )),
    Fault("P2", "a lane that a quota has refused has several on their way again at once", (
        ("bridge/forwarder/lane/lane_retry.cpp",
         "  careful_ = now_ms < careful_until_ms_;\n", "  careful_ = false;\n"),
    )),
    Fault("K6", "a message over the limit ends the connection", (
        ("bridge/link/native/connection.cpp",
         "frame.type == PacketType::publish && phase_ != Phase::connecting",
         "frame.type == PacketType::publish && phase_ == Phase::connecting"),
    )),
    Fault("K7", "one connection that is closed before CONNACK is answered with MQTT 3.1.1", (
        ("bridge/link/protocol_choice.hpp",
         "    if (known || (closures_ >= closures_min && now - first_closure_ >= time)) {",
         "    if (known || now - first_closure_ <= time) {"),
        ("bridge/link/protocol_choice.hpp",
         "    if (fallen() && (v5_spoken_ || now - v3_since_ >= retry_min)) prefer_v5();",
         "    if (fallen() && now - v3_since_ >= retry_min) prefer_v5();"),
    )),
    Fault("K8", "each repeated end of a connection is put down to a second client", (
        ("bridge/link/takeover.hpp",
         "life >= short_life || !quiet || ++short_lives_",
         "life >= short_life || (!quiet && false) || ++short_lives_"),
    )),
    Fault("K9", "a broker that forgets gets everything again, each time", (
        ("bridge/journal/sessions/resumption.cpp",
         "lane.settings.resend == Resend::all ? send : unsent, lane.answered",
         "lane.settings.resend != Resend::never ? send : unsent, lane.answered"),
    )),
    Fault("K11", "redeliveries are known only of the last few that were stored", (
        ("bridge/journal/repeats/recollection.cpp",
         "if (++count > Receipts::remembered) {",
         "if (++count > 24) {"),
    )),
    Fault("K13", "a topic over which the broker closes is not held", (
        ("bridge/forwarder/suspicion.cpp",
         "  if (tag != suspect_) suspect_ = tag, strikes_ = 0;\n",
         "  if (tag != suspect_ || tag != 0) suspect_ = tag, strikes_ = 0;\n"),
    )),
)
