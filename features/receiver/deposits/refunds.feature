@receiver @deposits
Feature: A receiver books a refund once, however often it is notified

  @NOTIF-11 @must
  Rule: a second delivery of a notification does no harm

    Scenario: a second delivery about a refund is survived
      Given any refund
      When it is notified 3 times, one after another
      Then every repeat is survived

    Scenario: another refund between two notifications of one
      Given 2 refunds that are COMPLETED
      When each is notified 3 times, one after another
      Then each is booked exactly once

    Scenario: 25 refunds, again and again in their order
      Given 25 refunds that are COMPLETED
      When each is notified 2 times, one after another
      Then each is booked exactly once

    @alone
    Scenario: 20 about one refund at once
      Given a refund that is COMPLETED
      When it is notified 20 times at once
      Then it is booked exactly once

    @alone
    Scenario: two refunds at once
      Given 2 refunds that are COMPLETED
      When they are notified at once
      Then each is booked exactly once

    @alone
    Scenario Outline: duplicates about refunds <before>, after trouble with a notification
      Given refunds that are COMPLETED, <before>
      When each is notified, and meets one of these troubles each
        | 500                                                                       |
        | half of it, and the connection breaks                                     |
        | the sender hangs up before the answer                                     |
        | another comes meanwhile, and the status call of the first is answered 500 |
      And each is notified 2 times, one after another
      Then each is booked exactly once

      Examples:
        | before              |
        | not notified before |
        | released before     |

    @alone
    Scenario: duplicates about a refund over the whole retry schedule
      Given a refund that is COMPLETED
      When it is notified over the whole retry schedule
      Then it is booked exactly once

    @alone
    Scenario: a duplicate about a refund after a restart of the receiver
      Given a refund that is COMPLETED
      When it is notified
      And the receiver is restarted
      And it is notified
      Then it is booked exactly once

    Scenario: duplicates about a refund, written otherwise
      Given a refund that is COMPLETED
      When it is notified
      And it is notified with white space that is signed
      And it is notified
      Then it is booked exactly once

    @last
    Scenario: the first refunds once more, at the end of the run
      Given the first refunds of this run that were booked
      When each is notified
      Then none is booked again

    @observed
    Scenario: the statuses in which a refund is booked
      Given refunds, one in each of these statuses
        | PENDING           |
        | INCORRECT_DETAILS |
        | DELIVERED         |
        | COMPLETED         |
        | REJECTED          |
        | CANCELLED         |
      When each is notified 2 times, one after another
      Then the report says which are booked
