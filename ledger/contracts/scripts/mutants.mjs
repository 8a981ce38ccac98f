// Faults put into the contract by hand. Each must be seen by the tests and by the proof named; between them they use
// every proof, so that each is known to be able to fail. `from` stands in the source once.
export const mutants = [
  {
    fault: 'a revoked grant can be given again',
    from: 'if (entry.revoked) return (grantId, AlreadyRevoked.selector);',
    to: '',
    proof: 'check_a_grant_needs_the_subjects_signature_and_a_fitting_window',
  },
  {
    fault: 'a grant given again un-revokes',
    from: 'if (entry.revoked) return (grantId, AlreadyRevoked.selector);\n        if (entry.granted) return (grantId, 0);',
    to: 'entry;',
    proof: 'check_revoked_is_final',
  },
  {
    fault: 'a recorded grant is recorded anew each time',
    from: 'if (entry.granted) return (grantId, 0);',
    to: '',
    proof: 'check_a_grant_needs_the_subjects_signature_and_a_fitting_window',
  },
  {
    fault: 'a grant recorded late lasts longer',
    from: 'Entry(true, false, g.notBefore, g.expiry)',
    to: 'Entry(true, false, g.notBefore, g.notBefore < block.timestamp ? g.expiry + uint64(block.timestamp) - g.notBefore : g.expiry)',
    proof: 'check_what_is_recorded_is_what_was_signed_and_fits',
  },
  {
    fault: 'anybody gives a grant',
    from: 'if (!_signed(g.subject, grantId, signature)) return (grantId, BadSignature.selector);',
    to: 'signature;',
    proof: 'check_a_grant_needs_the_subjects_signature_and_a_fitting_window',
  },
  {
    fault: 'anybody revokes by signature',
    from: 'if (!_signed(g.subject, revocationDigestOf(grantId), signature)) revert BadSignature();',
    to: 'signature;',
    proof: 'check_revoking_by_signature_needs_the_subjects',
  },
  {
    fault: 'the signature of the grant revokes it, too',
    from: 'if (!_signed(g.subject, revocationDigestOf(grantId), signature))',
    to: 'if (!_signed(g.subject, revocationDigestOf(grantId), signature) && !_signed(g.subject, grantId, signature))',
    proof: 'check_revoking_by_signature_needs_the_subjects',
  },
  {
    fault: 'any secret revokes',
    from: 'if (keccak256(abi.encodePacked("carnet-revoke-v1", secret)) != g.revokeHash) revert WrongSecret();',
    to: 'secret;',
    proof: 'check_revoking_by_secret_needs_the_secret',
  },
  {
    fault: 'the public revokeHash passes for the secret',
    from: 'if (keccak256(abi.encodePacked("carnet-revoke-v1", secret)) != g.revokeHash)',
    to: 'if (secret != g.revokeHash && keccak256(abi.encodePacked("carnet-revoke-v1", secret)) != g.revokeHash)',
    proof: 'check_revoking_by_secret_needs_the_secret',
  },
  {
    fault: 'a revocation before the grant leaves no tombstone',
    from: 'if (entry.revoked) return;\n',
    to: 'if (entry.revoked || !entry.granted) return;\n',
    proof: 'check_revoking_by_signature_needs_the_subjects',
  },
  {
    fault: 'a revocation wipes the record',
    from: 'entry.revoked = true;',
    to: 'entries[grantId] = Entry(false, true, 0, 0);',
    proof: 'check_a_grant_is_recorded_at_most_once',
    tests: false, // nobody can see it from outside: a revoked grant looks the same
  },
  {
    fault: 'a refused grant leaves a tombstone',
    from: 'if (reason != 0) return (grantId, reason);',
    to: 'if (reason != 0) {\n            if (reason == TooLong.selector) entry.revoked = true;\n            return (grantId, reason);\n        }',
    proof: 'check_nothing_but_a_revocation_revokes',
  },
  {
    fault: 'a tombstone counts as a grant',
    from: 'entry.revoked = true;',
    to: 'entry.revoked = true;\n        entry.granted = true;',
    proof: 'check_nothing_but_a_grant_grants',
    tests: false, // as above
  },
  {
    fault: 'one second longer than the maximum',
    from: 'expiry - notBefore > maxPeriod)',
    to: 'expiry - notBefore > maxPeriod + 1)',
    proof: 'check_what_is_recorded_is_what_was_signed_and_fits',
  },
  {
    fault: 'a window may be empty',
    from: 'expiry <= notBefore ||',
    to: 'expiry < notBefore ||',
    proof: 'check_what_is_recorded_is_what_was_signed_and_fits',
  },
  {
    fault: 'a window may be over',
    from: 'expiry <= block.timestamp)',
    to: 'expiry < block.timestamp)',
    proof: 'check_a_grant_needs_the_subjects_signature_and_a_fitting_window',
  },
  {
    fault: 'a start long past is taken',
    from: 'if (uint256(notBefore) + MAX_START_SKEW < block.timestamp) return NotNow.selector;',
    to: '',
    proof: 'check_a_grant_needs_the_subjects_signature_and_a_fitting_window',
  },
  {
    fault: 'a start far ahead is taken',
    from: 'if (notBefore > block.timestamp + MAX_START_SKEW) return NotNow.selector;',
    to: '',
    proof: 'check_a_grant_needs_the_subjects_signature_and_a_fitting_window',
  },
  {
    fault: 'active a second too long',
    from: 'block.timestamp < entry.expiry ?',
    to: 'block.timestamp <= entry.expiry ?',
    proof: 'check_status_follows_the_entry_and_the_clock',
  },
  {
    fault: 'active before its start',
    from: 'if (block.timestamp < entry.notBefore) return Status.Pending;',
    to: '',
    proof: 'check_status_follows_the_entry_and_the_clock',
  },
  {
    fault: 'a status forgets a tombstone',
    from: 'if (entry.revoked) return Status.Revoked;\n        if (!entry.granted) return Status.None;',
    to: 'if (!entry.granted) return Status.None;\n        if (entry.revoked) return Status.Revoked;',
    proof: 'check_status_follows_the_entry_and_the_clock',
  },
  {
    fault: 'the same signature written another way is taken',
    from: 'uint256(s) > HALF_ORDER || ',
    to: '',
    proof: 'check_a_grant_needs_the_subjects_signature_and_a_fitting_window',
  },
  {
    fault: 'bytes behind a signature are ignored',
    from: 'if (signature.length != 65) return false;',
    to: 'if (signature.length < 65) return false;',
    proof: 'check_a_signature_has_65_bytes',
  },
  {
    fault: 'what no key signed is signed by address zero',
    from: 'signer != address(0) && signer == subject',
    to: 'signer == subject',
    proof: 'check_revoking_by_signature_needs_the_subjects',
  },
  {
    fault: 'a signature holds on every chain',
    from: 'block.chainid, address(this)',
    to: 'uint256(1), address(this)',
    proof: 'check_ids_and_digests_are_those_of_eip_712',
  },
  {
    fault: 'a signature holds for every registry',
    from: 'block.chainid, address(this)',
    to: 'block.chainid, address(1)',
    proof: 'check_ids_and_digests_are_those_of_eip_712',
  },
  {
    fault: 'a grant is not bound to its revocation secret',
    from: 'g.notBefore, g.expiry, g.revokeHash))\n',
    to: 'g.notBefore, g.expiry, bytes32(0)))\n',
    proof: 'check_ids_and_digests_are_those_of_eip_712',
  },
  {
    fault: 'a batch ends at the first that is refused',
    from: 'emit Refused(grantId, reason);',
    to: 'emit Refused(grantId, reason);\n                break;',
    proof: 'check_a_batch_is_its_grants_one_by_one',
  },
  {
    fault: 'one bad grant undoes a batch',
    from: 'emit Refused(grantId, reason);',
    to: 'grantId;\n                _revertWith(reason);',
    proof: 'check_a_batch_is_its_grants_one_by_one',
  },
  {
    fault: 'a batch checks each grant by the first signature',
    from: '_grant(grants[i], signatures[i])',
    to: '_grant(grants[i], signatures[0])',
    proof: 'check_a_batch_is_its_grants_one_by_one',
  },
  {
    fault: 'a batch of none leaves a mark',
    from: 'reasons = new bytes4[](grants.length);',
    to: 'reasons = new bytes4[](grants.length);\n        if (grants.length == 0) entries[0].granted = true;',
    proof: 'check_a_batch_of_none_changes_nothing',
    tests: false, // nobody has a grant of that name
  },
  {
    fault: 'a new registry holds something',
    from: 'maxPeriod = maxPeriod_;',
    to: 'maxPeriod = maxPeriod_;\n        entries[bytes32(uint256(maxPeriod_))].granted = true;',
    proof: 'check_a_new_registry_holds_nothing',
    tests: false, // as above
  },
  {
    fault: 'a log may shrink',
    from: 'if (size < before) revert WouldShrink();',
    to: '',
    proof: 'check_what_is_anchored_neither_shrinks_nor_changes',
  },
  {
    fault: 'a log may change without growing',
    from: 'if (root != last.root) revert OtherRoot();\n            return;',
    to: '',
    proof: 'check_what_is_anchored_neither_shrinks_nor_changes',
  },
  {
    fault: 'a changed log is passed over in silence',
    from: 'if (root != last.root) revert OtherRoot();',
    to: '',
    proof: 'check_an_anchor_is_taken_if_the_log_did_not_shrink_or_change',
  },
  {
    fault: 'whoever pays speaks, not the sender',
    from: 'anchors[msg.sender][log]',
    to: 'anchors[tx.origin][log]',
    proof: 'check_nobody_else_moves_an_anchor',
  },
  {
    fault: 'an anchor takes a grant of that name back',
    from: 'last.root = root;',
    to: 'last.root = root;\n        entries[log].revoked = true;',
    proof: 'check_an_anchor_touches_no_grant',
  },
  {
    fault: 'an anchor grants',
    from: 'last.root = root;',
    to: 'last.root = root;\n        entries[log] = Entry(true, entries[log].revoked, 0, type(uint64).max);',
    proof: 'check_nothing_but_a_grant_grants',
  },
  {
    fault: 'each is told their own anchor for another\'s',
    from: 'anchors[by][log]',
    to: 'anchors[by == address(0) ? by : msg.sender][log]',
    proof: 'check_an_anchor_is_read_as_it_stands',
  },
  {
    fault: 'a new registry speaks of a log',
    from: 'maxPeriod = maxPeriod_;',
    to: 'maxPeriod = maxPeriod_;\n        anchors[address(this)][0].size = 1;',
    proof: 'check_a_new_registry_has_no_anchor',
    tests: false, // of a log that nobody has
  },
];
