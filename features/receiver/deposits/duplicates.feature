@receiver @deposits @alone
Feature: A receiver releases a deposit once, however often it is notified

  @NOTIF-05 @must
  Rule: a deposit is released at most once, by its deposit_id

    Scenario: duplicates one after another
      Given a deposit that is COMPLETED
      When it is notified 3 times, one after another
      Then it is released exactly once

    Scenario: 20 at once
      Given a deposit that is COMPLETED
      When it is notified 20 times at once
      Then it is released exactly once

    Scenario: duplicates over the whole retry schedule
      Given a deposit that is COMPLETED
      When it is notified over the whole retry schedule
      Then it is released exactly once

    Scenario: a duplicate after a restart of the receiver
      Given a deposit that is COMPLETED
      When it is notified
      And the receiver is restarted
      And it is notified
      Then it is released exactly once

    Scenario: a duplicate after the deposit was refunded
      Given a deposit that is COMPLETED
      When it is notified
      And it is refunded
      And it is notified
      Then it is released exactly once

    Scenario: an old status that arrives late
      Given a deposit that is COMPLETED
      When it is notified
      And it is notified with a body that says PENDING
      And it is notified
      Then it is released exactly once

  @NOTIF-11 @must
  Rule: a second delivery of a notification does no harm

    Scenario: a second delivery is answered as the first
      Given a deposit that is COMPLETED
      When it is notified 3 times, one after another
      Then every answer is 2xx

    Scenario: a second delivery after a restart of the receiver
      Given a deposit that is COMPLETED
      When it is notified
      And the receiver is restarted
      And it is notified
      Then every answer is 2xx

    Scenario: a second delivery about a refund
      Given a refund
      When it is notified 2 times, one after another
      Then every answer is 2xx
