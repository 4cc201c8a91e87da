@receiver @cashouts
Feature: A receiver verifies the notifications of cashouts

  @NOTIF-03 @must
  Rule: the signature of a notification is verified every time

    Scenario Outline: cashouts <before>, and no control
      Given cashouts that are COMPLETED, <before>
      When each is notified, with one of these faults each
        | without control and Payload-Signature |
        | as JSON, without control and Payload-Signature |
        | with an empty control                 |
        | with made-up digits                   |
      Then no fault has an effect, and a valid notification has

      Examples:
        | before                            |
        | not notified before               |
        | notified when they were PENDING   |
        | notified when they were DELIVERED |
        | notified when their status call failed |
        | released before                   |

    Scenario: cashouts whose notifications are unusual, and have no control
      Given cashouts that are COMPLETED, not notified before
      When each is notified, with one of these faults each
        | without control and Payload-Signature, and a type with its charset |
      Then no fault has an effect, and a valid notification has

  @NOTIF-09 @must
  Rule: the control of a cashout notification is verified

    Scenario Outline: cashouts <before>, and another control
      Given cashouts that are COMPLETED, <before>
      When each is notified, with one of these faults each
        | with the first digit changed                            |
        | with a digit in the middle changed                      |
        | with the last digit changed                             |
        | with the last digit cut off                             |
        | with the first half of the digits                       |
        | with one digit more                                     |
        | with the digits twice                                   |
        | with digits made with the other product's API signature |
        | with digits made with another merchant's API signature  |
        | with digits made with the deposits API key              |
        | with digits made with the read-only API key             |
        | with digits made with the cashouts API key              |
        | with digits made with the cashouts passphrase           |
        | with digits made with an empty secret                   |
        | with the control of another cashout                     |
        | with digits over external_id and Bo7                    |
        | with digits over Be4 and external_id                    |
        | with digits over external_id alone                      |
        | with digits over Be4, cashout_id and Bo7                |
        | with another external_id                                |
        | with the first character of its external_id changed     |
        | with the last character of its external_id changed      |
        | with the last character of its external_id cut off      |
        | with its external_id one character longer               |
      Then no fault has an effect, and a valid notification has

      Examples:
        | before                            |
        | not notified before               |
        | notified when they were PENDING   |
        | notified when they were DELIVERED |
        | released before                   |

    @observed
    Scenario: a notification without Payload-Signature
      Given a receiver that marks a completed cashout as paid
      And a cashout that is COMPLETED
      When it is notified without Payload-Signature
      Then whether it is marked as paid is reported as AMB-32

    # The merchant chooses its external ids, so a receiver need not take others than its own.
    @observed
    Scenario: external ids with characters that mean something elsewhere
      Given a receiver that marks a completed cashout as paid
      And cashouts that are COMPLETED, whose external ids end in one of these each
        | a&b   |
        | a+b   |
        | a%26b |
        | a b   |
        | a<b>c |
        | a"b'c |
        | a=b;c |
        | ação  |
      When each is notified until the answer is 2xx
      Then the report says which are marked as paid

    Scenario: cashouts whose notifications are unusual, and have another control
      Given cashouts that are COMPLETED, not notified before
      When each is notified, with one of these faults each
        | with the last digit changed, and a type with its charset |
      Then no fault has an effect, and a valid notification has

    @observed
    Scenario: forms of a control that no page forbids
      Given cashouts that are COMPLETED, not notified before
      When each is notified, with one of these faults each
        | with its digits in lower case              |
        | with a Payload-Signature that does not fit |
      Then the report says which are marked as paid
