package emulator

import "fmt"

// Validate reports the first thing that is wrong with the scene.
func (s Scene) Validate() error {
	checks := []func() error{s.checkChoices, s.checkSignIn, s.checkNumbers, s.checkContent, s.checkFailure, s.checkCut, s.checkFlood}
	for _, check := range checks {
		if err := check(); err != nil {
			return fmt.Errorf("scene: %w", err)
		}
	}
	return nil
}

// checkChoices refuses words that no field knows.
func (s Scene) checkChoices() error {
	switch s.Endpoint {
	case "", endpointResponses, endpointModels, endpointUsage, endpointAny:
	default:
		return unknownChoice("endpoint", s.Endpoint)
	}
	switch s.Lite {
	case LiteRefuse, LiteNotFound, LiteAccept:
	default:
		return unknownChoice("lite", string(s.Lite))
	}
	switch s.Writes {
	case WritesEvent, WritesByte, WritesRandom, WritesWhole:
	default:
		return unknownChoice("writes", string(s.Writes))
	}
	switch s.LineEnd {
	case LineEndLF, LineEndCRLF, LineEndCR:
	default:
		return unknownChoice("line_end", string(s.LineEnd))
	}
	switch s.EventNames {
	case EventNamesTrue, EventNamesNone, EventNamesFalse:
	default:
		return unknownChoice("event_names", string(s.EventNames))
	}
	if !s.Fault.known() {
		return unknownChoice("fault", string(s.Fault))
	}
	if !s.Token.known() {
		return unknownChoice("token", string(s.Token))
	}
	return nil
}

func unknownChoice(field, value string) error {
	return fmt.Errorf("%s cannot be %q", field, value)
}

// checkNumbers refuses negative counts and absurd sizes.
func (s Scene) checkNumbers() error {
	const largest = 1 << 30
	for _, n := range []struct {
		field string
		value int
	}{
		{"times", s.Times}, {"retry_after_s", s.RetryAfterS}, {"reset_after_s", s.ResetAfterS}, {"used_percent", s.UsedPercent},
		{"token_delay_ms", int(s.TokenDelayMS)}, {"head_delay_ms", int(s.HeadDelayMS)},
		{"first_delay_ms", int(s.FirstDelayMS)}, {"event_delay_ms", int(s.EventDelayMS)},
		{"exchange_delay_ms", int(s.ExchangeDelayMS)}, {"revoke_delay_ms", int(s.RevokeDelayMS)},
		{"device_polls", s.DevicePolls}, {"device_interval_s", s.DeviceIntervalS},
		{"tool_calls", s.ToolCalls}, {"flood_deltas", s.FloodDeltas}, {"flood_bytes", s.FloodBytes},
		{"failed_after_deltas", s.FailedAfterDeltas}, {"cut_deltas", s.CutDeltas}, {"event_bytes", s.EventBytes},
	} {
		if n.value < 0 || n.value > largest {
			return fmt.Errorf("%s must be between 0 and %d, not %d", n.field, largest, n.value)
		}
	}
	if s.ClockAheadS < -largest || s.ClockAheadS > largest {
		return fmt.Errorf("clock_ahead_s must be between %d and %d, not %d", -largest, largest, s.ClockAheadS)
	}
	if !(s.DeltasPerSecond >= 0 && s.DeltasPerSecond <= 1e6) {
		return fmt.Errorf("deltas_per_second must be between 0 and 1000000, not %v", s.DeltasPerSecond)
	}
	return nil
}

// checkContent refuses two answers at once.
func (s Scene) checkContent() error {
	count := 0
	for _, given := range []bool{s.Text != "", s.Deltas != nil, s.Messages != nil, s.Refusal != "", s.Empty, s.FloodDeltas > 0} {
		if given {
			count++
		}
	}
	if count > 1 {
		return fmt.Errorf("only one of text, deltas, messages, refusal, empty and flood_deltas can be given")
	}
	return nil
}

// checkFailure refuses failure details without a failure.
func (s Scene) checkFailure() error {
	switch s.ErrorEvent {
	case "", errorEventBefore, errorEventAlone:
	default:
		return unknownChoice("error_event", s.ErrorEvent)
	}
	if s.Failed == "" && (s.ErrorEvent != "" || s.FailedMessage != "" || s.FailedAfterDeltas != 0) {
		return fmt.Errorf("error_event, failed_message and failed_after_deltas need failed")
	}
	if s.Failed != "" && s.Incomplete != "" {
		return fmt.Errorf("failed and incomplete exclude each other")
	}
	return nil
}

// checkCut refuses a cut without a place and a place without a cut.
func (s Scene) checkCut() error {
	switch s.Cut {
	case "", CutAbort, CutEnd, CutStall:
	default:
		return unknownChoice("cut", string(s.Cut))
	}
	switch s.CutAt {
	case "", CutAtHead, CutAtStart, CutAtCreated, CutAtTerminal, CutInDelta:
	case CutAtDeltas:
		if s.CutDeltas == 0 {
			return fmt.Errorf(`cut_at "after_deltas" needs cut_deltas`)
		}
	default:
		return unknownChoice("cut_at", string(s.CutAt))
	}
	if (s.Cut == "") != (s.CutAt == "") {
		return fmt.Errorf("cut and cut_at need each other")
	}
	if s.Cut == CutEnd && s.CutAt == CutAtHead {
		return fmt.Errorf(`cut "end" has no answer to end at "head"`)
	}
	return nil
}

// checkFlood refuses what full speed cannot do: a flood's deltas are all alike.
func (s Scene) checkFlood() error {
	if s.FloodDeltas == 0 {
		if s.FloodBytes != 0 || s.FloodBare {
			return fmt.Errorf("flood_bytes and flood_bare need flood_deltas")
		}
		return nil
	}
	if s.FloodBytes == 0 {
		return fmt.Errorf("flood_deltas needs flood_bytes")
	}
	if !s.FloodBare && s.FloodDeltas > 1<<30/s.FloodBytes {
		return fmt.Errorf("a flood of more than 1 GiB needs flood_bare")
	}
	odd := s.Garbage || s.WrongDone || s.NoDeltas || s.ShuffleFields || s.UnknownFields || s.EventBytes > 0 ||
		s.BOM || s.Comments || s.MultiLine || s.Writes != "" || s.LineEnd != "" || s.EventNames != "" ||
		s.EventDelayMS > 0 || s.DeltasPerSecond > 0 || s.FailedAfterDeltas > 0 || s.CutDeltas > 0 || s.CutAt == CutInDelta
	if odd {
		return fmt.Errorf("a flood is sent at full speed in plain form and takes no oddities")
	}
	return nil
}
